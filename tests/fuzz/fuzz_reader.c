/* Feeds the readers of files with what libFuzzer makes up. The environment variable FUZZ_READER
 * names the reader; the current folder is a copy of tests/fuzz/files, where the input takes the
 * place of one file and everything beside it stays good. So an input goes the way that a file of a
 * user goes, from open() on.
 *
 * A reader may accept or refuse an input as it likes. What it may not do the sanitizers say, and
 * the limits of time and memory that run.sh sets. A refusal must have a sentence, though. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/network.h>
#include <chronaxie/recording.h>
#include <chronaxie/schedule.h>

#include "io/machine_file.h"
#include "io/swc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *n_words, char ***words);

static chx_status
load_source(const char *path, const char *neurons)
{
    const chx_source source = {.paths = &path, .n_paths = 1, .neurons = neurons};
    chx_network *network = NULL;
    chx_status status = chx_network_open(&source, &network);
    chx_network_destroy(&network);
    return status;
}

static chx_status
load_network(void)
{
    return load_source(".", NULL);
}

static chx_status
load_edges(void)
{
    return load_source("edges.csv", NULL);
}

static chx_status
load_places(void)
{
    return load_source("edges.csv", "places.csv");
}

static chx_status
load_cell(void)
{
    return load_source("cell.swc", NULL);
}

static chx_status
load_recording(void)
{
    static chx_network *network;
    chx_status status = network ? CHX_OK : chx_network_load(".", &network);
    chx_recording *recording = NULL;
    if (!status)
        status = chx_recording_load("spikes.csv", network, &recording);
    chx_recording_destroy(&recording);
    return status;
}

static chx_status
load_plan(const char *path, const char *machine_path)
{
    const chx_schedule_params params = {.algorithm = "heft", .machine_path = machine_path};
    chx_schedule *schedule = NULL;
    chx_status status = chx_schedule_load(path, &params, &schedule);
    chx_schedule_destroy(&schedule);
    return status;
}

static chx_status
load_model(void)
{
    chx_model *model = NULL;
    chx_status status = chx_model_from_file("mine.cl", &model);
    chx_model_destroy(&model);
    return status;
}

static chx_status
load_stg(void)
{
    return load_plan("graph.stg", NULL);
}

static chx_status
load_graph(void)
{
    return load_plan("graph.json", NULL);
}

static chx_status
load_work(void)
{
    return load_plan("work.json", "machine.json");
}

static const struct reader {
    const char *name, *file;
    chx_status (*load)(void);
} readers[] = {
    {"cell", "cell.swc", load_cell},
    {"edges", "edges.csv", load_edges},
    {"gaps", "gaps.csv", load_network},
    {"graph", "graph.json", load_graph},
    {"machine", "machine.json", load_work},
    {"model", "mine.cl", load_model},
    {"network", "network.json", load_network},
    {"neurons", "neurons.csv", load_network},
    {"places", "places.csv", load_places},
    {"recording", "spikes.csv", load_recording},
    {"shape", "morphologies/A.swc", load_network},
    {"stg", "graph.stg", load_stg},
    {"synapses", "synapses.csv", load_network},
    {"train", "train.csv", load_network},
    {"work", "work.json", load_work},
};

static const struct reader *chosen;

int
LLVMFuzzerInitialize(int *n_words, char ***words)
{
    (void)n_words;
    (void)words;
    const char *name = getenv("FUZZ_READER");
    for (size_t i = 0; name && i < sizeof readers / sizeof *readers; i++)
        if (strcmp(readers[i].name, name) == 0)
            chosen = &readers[i];
    /* With its own file in place each reader has something to read: else nothing is tested. */
    if (chosen && chosen->load() == CHX_OK)
        return 0;
    fprintf(stderr, "%s: no reader, or not in a copy of tests/fuzz/files: %s\n", name ? name : "",
            chx_last_error()->message);
    exit(1);
}

/* Whether a network.json asks for more than a hundred neurons of a type, or synapses. That it may,
 * and that it takes as much memory as it asks for, is no finding. */
static bool
asks_for_much(const char *key, const uint8_t *data, size_t size)
{
    const size_t length = strlen(key);
    for (size_t i = 0; i + length < size; i++) {
        if (memcmp(data + i, key, length) != 0)
            continue;
        size_t begin = i + length, end;
        while (begin < size && strchr(" \t\r\n", data[begin]))
            begin++;
        for (end = begin; end < size && data[end] >= '0' && data[end] <= '9';)
            end++;
        if (end - begin > 2)
            return true;
    }
    return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (asks_for_much("neurons\":", data, size) || asks_for_much("synapses\":", data, size))
        return 0;
    FILE *stream = fopen(chosen->file, "wb");
    if (!stream || fwrite(data, 1, size, stream) != size || fclose(stream) != 0)
        abort();
    if (chosen->load() != CHX_OK && chx_last_error()->message[0] == '\0')
        abort();
    return 0;
}

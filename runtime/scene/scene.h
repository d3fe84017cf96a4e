/* A scene: everything that a simulation's pictures are made of, and its tasks in a graph. */
#ifndef CHX_SCENE_SCENE_H
#define CHX_SCENE_SCENE_H

#include "scene/band.h"
#include "scene/labels.h"

struct chx_scene {
    chx_scene
        *first; /* whose geometry, labels and inputs it borrows, but for ages and picture; NULL:
                         they are its own */
    chx_runtime *runtime;
    chx_simulation *simulation;
    const chx_network_info *network;
    chx_scene_params params; /* defaults filled in */
    chx__geometry geometry;
    chx__labels labels;
    chx__stage stage;
    chx_camera camera;
    chx__projection projection;
    chx__caption caption;
    chx__band bands[CHX__MAX_BANDS];
    chx__band_inputs inputs;
    size_t picture_bytes;
    chx_graph *graph; /* NULL until built */
    chx_task gather;
    chx_task
        last_frame; /* hands over the last picture that it and those like it have in last_graph */
    chx_graph *last_graph;
    chx_frame_fn frame;
    void *frame_data;
    uint64_t frame_index;
};

#endif

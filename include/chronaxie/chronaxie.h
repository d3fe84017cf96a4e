/* Everything the library offers. */
#ifndef CHRONAXIE_CHRONAXIE_H
#define CHRONAXIE_CHRONAXIE_H

#include <chronaxie/buffer.h>
#include <chronaxie/graph.h>
#include <chronaxie/network.h>
#include <chronaxie/picture.h>
#include <chronaxie/plan.h>
#include <chronaxie/program.h>
#include <chronaxie/recording.h>
#include <chronaxie/runtime.h>
#include <chronaxie/scene.h>
#include <chronaxie/schedule.h>
#include <chronaxie/simulation.h>
#include <chronaxie/status.h>
#include <chronaxie/timeline.h>
#include <chronaxie/version.h>

#endif

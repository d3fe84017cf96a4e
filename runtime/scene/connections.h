/* Synapses as they are drawn: thin curves between somata, coloured by sign, behind all bodies. */
#ifndef CHX_SCENE_CONNECTIONS_H
#define CHX_SCENE_CONNECTIONS_H

#include <stdbool.h>

#include <chronaxie/scene.h>

#include "render/picture.h"

/* Whether a scene with these options shows the network's synapses. */
bool chx__connections_shown(const chx_network_info *network, chx_connections asked);

/* How many are drawn: all, or an even sample of so many that curves can still be followed. */
uint32_t chx__connections_drawn(const chx_network_info *network);

/* Whether some of those inhibit, or excite. */
bool chx__connections_have(const chx_network_info *network, bool inhibits);

/* Place among the colours of types of synapses that excite, or inhibit. */
uint32_t chx__connection_hue(bool inhibits);

/* Branches of one curve: more where there are few, which may be long. */
uint32_t chx__connection_pieces(uint32_t n_drawn);

/* Fills in chx__connections_drawn() times the pieces. towards_viewer is a unit vector. */
void chx__connections_fill(const chx_network_info *network, const double towards_viewer[3],
                           chx_branch *branches);

#endif

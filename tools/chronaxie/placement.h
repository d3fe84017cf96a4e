/* Placement: whether somata lie where they can be seen together. */
#ifndef CHRONAXIE_PLACEMENT_H
#define CHRONAXIE_PLACEMENT_H

#include <chronaxie/network.h>

/* Says, in one remark each, which soma lies far from its own morphology and which cell far from all
 * others; most such places are wrong units. */
void placement_remark(const chx_network_info *info);

#endif

/* What the layer that makes drivers fail exports, for programs that have loaded it. */
#ifndef CHRONAXIE_LAYER_FAULT_H
#define CHRONAXIE_LAYER_FAULT_H

/* Sets what fails, as layer_fault.c describes, counting from now; "" for nothing. Ends commands
 * that hang. */
void chx_fault_arm(const char *spec);

/* How many faults have struck since then. */
unsigned chx_fault_injected(void);

#endif

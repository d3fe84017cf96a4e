/*
 * What a device must get right before it is trusted with work.
 */
#pragma OPENCL FP_CONTRACT OFF

/* Does nothing; its launches measure what a launch costs. */
kernel void
empty(void)
{
}

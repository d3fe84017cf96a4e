/* One step of heat flowing along a rod whose ends are kept cold; one work-item per point. */
__kernel void advance(__global const float *before, __global float *after, int n)
{
    int i = (int)get_global_id(0);
    if (i == 0 || i == n - 1) {
        after[i] = 0.0f;
        return;
    }
    after[i] = before[i] + 0.25f * (before[i - 1] - 2.0f * before[i] + before[i + 1]);
}

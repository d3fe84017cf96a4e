/* One step of heat on a plate whose rim keeps its temperature; one work-item per point. The
 * plan cuts the second dimension, so that only the first one's size is that of the plate. */
#pragma OPENCL FP_CONTRACT OFF
__kernel void advance(__global const float *before, __global float *after, int n_rows)
{
    int n_columns = (int)get_global_size(0);
    int x = (int)get_global_id(0), y = (int)get_global_id(1), i = y * n_columns + x;
    float own = before[i];
    if (x > 0 && x < n_columns - 1 && y > 0 && y < n_rows - 1) {
        float beside = before[i - 1] + before[i + 1];
        float around = before[i - n_columns] + before[i + n_columns];
        own += 0.2f * ((beside + around) - 4.0f * own);
    }
    after[i] = own;
}

/* Adds up the heat of a row, in eighths of a degree; one work-item per row. Integers, for whoever
 * divides the rows: sums of floats would depend on that. */
__kernel void measure(__global const float *plate, volatile __global uint *heat, int n_columns)
{
    __global const float *row = plate + get_global_id(0) * (size_t)n_columns;
    uint sum = 0;
    for (int x = 0; x < n_columns; x++)
        sum += (uint)(row[x] * 8.0f);
    atomic_add(heat, sum);
}

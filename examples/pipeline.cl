/* Stages of a small image pipeline on rows of numbers, one work-item per element. */

/* Mean of the element and its two neighbours; the ends count twice. */
__kernel void smooth(__global const float *in, __global float *out, int n)
{
    int i = (int)get_global_id(0);
    float left = in[max(i - 1, 0)];
    float right = in[min(i + 1, n - 1)];
    out[i] = (left + in[i] + right) * (1.0f / 3.0f);
}

/* Distance from the element to the next, so that edges stand out. */
__kernel void edges(__global const float *in, __global float *out, int n)
{
    int i = (int)get_global_id(0);
    out[i] = fabs(in[min(i + 1, n - 1)] - in[i]);
}

/* Sum of four inputs. */
__kernel void merge(__global const float *a, __global const float *b, __global const float *c,
                    __global const float *d, __global float *out)
{
    int i = (int)get_global_id(0);
    out[i] = a[i] + b[i] + c[i] + d[i];
}

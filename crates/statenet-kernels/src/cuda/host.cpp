// The host as a GPU, for the tests: runs a kernel's text with real threads, one block after the other.
//
// Reads from stdin the name of the kernel, the numbers of blocks, of threads and of floats on chip, and the arguments
// in order: "int N", "in N" and N floats, "out N". Writes what the kernel left in the outputs to stdout. Outputs and
// memory on chip hold NaN before.

#include <pthread.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <limits>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#define __global__
#define __device__
#define __shared__
#define __launch_bounds__(threads)

struct Index { int x; };
thread_local Index threadIdx;
Index blockIdx, blockDim;
pthread_barrier_t barrier;
float on_chip[64 * 1024];

inline void __syncthreads() { pthread_barrier_wait(&barrier); }

#include "kernels.cu"

static void refuse(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static long number()
{
    long n;
    if (scanf("%ld", &n) != 1)
        refuse("expected a number");
    return n;
}

// Floats come as raw bytes after exactly one line feed.
static std::deque<std::vector<float>> buffers;
static std::vector<size_t> outputs;

static std::vector<float> &argument(const char *kind)
{
    char word[8];
    if (scanf("%7s", word) != 1 || std::string(word) != kind)
        refuse("the arguments are not those of the kernel");
    const long n = number();
    getchar();
    buffers.emplace_back(n, std::numeric_limits<float>::quiet_NaN());
    return buffers.back();
}

template <class T> T next();

template <> int next<int>()
{
    char word[8];
    if (scanf("%7s", word) != 1 || std::string(word) != "int")
        refuse("the arguments are not those of the kernel");
    return (int)number();
}

template <> const float *next<const float *>()
{
    std::vector<float> &in = argument("in");
    if (fread(in.data(), sizeof(float), in.size(), stdin) != in.size())
        refuse("an input is cut short");
    return in.data();
}

template <> float *next<float *>()
{
    std::vector<float> &out = argument("out");
    outputs.push_back(buffers.size() - 1);
    return out.data();
}

template <class... A> void run(void (*kernel)(A...), int blocks, int threads, size_t shared)
{
    const std::tuple<A...> arguments{next<A>()...};
    const size_t size = sizeof(on_chip) / sizeof(*on_chip);
    if (shared > size)
        refuse("too much memory on chip");
    blockDim.x = threads;
    pthread_barrier_init(&barrier, nullptr, threads);
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++) {
        for (size_t i = 0; i < size; i++)
            on_chip[i] = i < shared ? std::numeric_limits<float>::quiet_NaN() : 12345.0f;
        std::vector<std::thread> running;
        for (int i = 0; i < threads; i++)
            running.emplace_back([&, i] {
                threadIdx.x = i;
                std::apply(kernel, arguments);
            });
        for (auto &thread : running)
            thread.join();
        for (size_t i = shared; i < size; i++)
            if (on_chip[i] != 12345.0f)
                refuse("a kernel wrote beyond its memory on chip");
    }
    for (size_t i : outputs)
        fwrite(buffers[i].data(), sizeof(float), buffers[i].size(), stdout);
}

int main()
{
    char name[64];
    if (scanf("%63s", name) != 1)
        refuse("expected a kernel's name");
    const int blocks = (int)number(), threads = (int)number();
    const size_t shared = number();
#define KERNEL(kernel)                        \
    if (std::string(name) == #kernel) {       \
        run(kernel, blocks, threads, shared); \
        return 0;                             \
    }
#include "kernels.list"
    refuse("no such kernel");
}

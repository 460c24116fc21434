// One BLAS library, timed on demand: the other side of the comparison of ../main.go.
//
// usage: peer LIBRARY.so    It reads a line for each turn and answers with a line.
//
//	asked     OP TYPE TA TB M N K MICROSECONDS     OP gemm, gemv, dot, axpy, nrm2, asum, amax; TYPE s or d; TA, TB N or T
//	answered  the shortest and the median time of a call in the turn, in nanoseconds
//
// Matrices are row-major without gaps. Level 1 takes vectors of M elements, gemv an M×N matrix. If
// PEER_CLOCK=cpu, calls of more than half a millisecond are measured in CPU time of the thread, all others in wall time.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 101, PLAIN = 111, TRANSPOSED = 112 };

static clockid_t kind = CLOCK_MONOTONIC;

static double now(void) {
	struct timespec t;
	clock_gettime(kind, &t);
	return 1e9 * t.tv_sec + t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void *symbol(void *lib, const char *type, const char *name) {
	char full[64];
	int amax = !strcmp(name, "amax");
	snprintf(full, sizeof full, "cblas_%s%s%s", amax ? "i" : "", type, name);
	void *f = dlsym(lib, full);
	if (!f) { fprintf(stderr, "peer: %s\n", dlerror()); exit(1); }
	return f;
}

static char op[16], type[4], ta[4], tb[4];
static int m, n, k;
static void *a, *b, *c, *f;
static volatile double sink;

#define CALLS(T, NAME)                                                                                                              \
	static void NAME(void) {                                                                                                    \
		int A = *ta == 'T' ? TRANSPOSED : PLAIN, B = *tb == 'T' ? TRANSPOSED : PLAIN;                                        \
		if (!strcmp(op, "gemm"))                                                                                             \
			((void (*)(int, int, int, int, int, int, T, T *, int, T *, int, T, T *, int))f)(                            \
				ROWS, A, B, m, n, k, 1, a, *ta == 'T' ? m : k, b, *tb == 'T' ? k : n, 0, c, n);                     \
		else if (!strcmp(op, "gemv"))                                                                                        \
			((void (*)(int, int, int, int, T, T *, int, T *, int, T, T *, int))f)(ROWS, A, m, n, 1, a, n, b, 1, 0, c, 1); \
		else if (!strcmp(op, "dot")) sink = ((T(*)(int, T *, int, T *, int))f)(m, a, 1, b, 1);                               \
		else if (!strcmp(op, "axpy")) ((void (*)(int, T, T *, int, T *, int))f)(m, 1e-9, a, 1, b, 1);                        \
		else if (!strcmp(op, "amax")) sink = ((size_t(*)(int, T *, int))f)(m, a, 1);                                         \
		else sink = ((T(*)(int, T *, int))f)(m, a, 1);                                                                       \
	}
CALLS(float, single_call)
CALLS(double, double_call)

static size_t area(int rows, int columns, int deep) { return (size_t)rows * (columns ? columns : 1) * (deep ? deep : 1) + 64; }

static void *lib;
static int budget; // microseconds
static void (*call)(void);

// load opens the library; prepare reads a question, and makes new operands where it is not the last one again.
static int load(const char *name) {
	lib = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
	if (!lib) fprintf(stderr, "peer: %s\n", dlerror());
	return lib != NULL;
}

static int prepare(const char *line) {
	static char last[256];
	if (sscanf(line, "%15s %3s %3s %3s %d %d %d %d", op, type, ta, tb, &m, &n, &k, &budget) != 8) {
		fprintf(stderr, "peer: %s", line);
		return 0;
	}
	if (!strcmp(line, last)) return 1;
	snprintf(last, sizeof last, "%s", line);
	size_t size = *type == 'd' ? 8 : 4, na = area(m, !strcmp(op, "gemm") ? k : n, 0);
	size_t nb = !strcmp(op, "gemm") ? area(k, n, 0) : area(m > n ? m : n, 0, 0);
	size_t nc = !strcmp(op, "gemm") ? area(m, n, 0) : area(m > n ? m : n, 0, 0);
	free(a), free(b), free(c);
	a = aligned_alloc(4096, (na * size + 4095) / 4096 * 4096);
	b = aligned_alloc(4096, (nb * size + 4095) / 4096 * 4096);
	c = aligned_alloc(4096, (nc * size + 4095) / 4096 * 4096);
	void *all[] = {a, b, c};
	size_t lengths[] = {na, nb, nc};
	for (int i = 0; i < 3; i++)
		for (size_t j = 0; j < lengths[i]; j++) {
			double v = i < 2 ? (double)rand() / RAND_MAX - 0.5 : 0;
			if (size == 8) ((double *)all[i])[j] = v;
			else ((float *)all[i])[j] = v;
		}
	f = symbol(lib, type, op);
	call = *type == 'd' ? double_call : single_call;
	call();
	return 1;
}

#ifndef CALLED_FROM_GO // ../cgo has a main of its own
int main(int argc, char **argv) {
	if (argc != 2) { fprintf(stderr, "usage: peer LIBRARY.so\n"); return 2; }
	if (!load(argv[1])) return 1;
	int cpu = getenv("PEER_CLOCK") && !strcmp(getenv("PEER_CLOCK"), "cpu");
	char line[256];
	while (fgets(line, sizeof line, stdin)) {
		if (!prepare(line)) return 1;
		// A sample is as many calls as take some 20 µs, so that the clock costs nothing.
		kind = CLOCK_MONOTONIC;
		double start = now();
		call();
		double took = now() - start;
		int inner = 20000 / (took + 1) + 1, samples = 0;
		if (took > 5e5 && cpu) kind = CLOCK_THREAD_CPUTIME_ID;
		static double times[100000];
		start = now();
		do {
			double t = now();
			for (int i = 0; i < inner; i++) call();
			times[samples++] = (now() - t) / inner;
		} while (now() - start < 1e3 * budget && samples < 100000);
		qsort(times, samples, sizeof *times, ascending);
		printf("%.1f %.1f\n", times[0], times[samples / 2]);
		fflush(stdout);
	}
	return 0;
}
#endif

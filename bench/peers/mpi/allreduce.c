/* MPI_Allreduce called from C, measured as bench.MeasureCollective measures: 3 calls to warm up, then as many as fit the
 * budget, at least 5; the median of each rank, the mean over the ranks. One line of JSON a size.
 *
 *	mpicc -O2 -o allreduce allreduce.c && mpirun -n 2 ./allreduce BUDGET_SECONDS BYTES...
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double call(float *buf, int n) {
	double start = MPI_Wtime();
	MPI_Allreduce(MPI_IN_PLACE, buf, n, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
	return MPI_Wtime() - start;
}

int main(int argc, char **argv) {
	MPI_Init(&argc, &argv);
	int rank, size;
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	double budget = atof(argv[1]);
	for (int a = 2; a < argc; a++) {
		long bytes = atol(argv[a]);
		int n = bytes / 4;
		float *buf = malloc(bytes);
		for (int i = 0; i < n; i++)
			buf[i] = 1 + rank + i % 64;
		call(buf, n);
		long wrong = 0;
		for (int i = 0; i < n; i++)
			wrong += buf[i] != size * (1 + i % 64) + size * (size - 1) / 2;
		MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
		memset(buf, 0, bytes);
		double t = 0;
		for (int i = 0; i < 3; i++)
			t = call(buf, n);
		MPI_Allreduce(MPI_IN_PLACE, &t, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
		int iters = budget / t < 5 ? 5 : budget / t > 10000 ? 10000 : (int)(budget / t);
		double *times = malloc(iters * sizeof *times);
		for (int i = 0; i < iters; i++)
			times[i] = call(buf, n);
		qsort(times, iters, sizeof *times, ascending);
		double median = times[iters / 2];
		MPI_Allreduce(MPI_IN_PLACE, &median, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
		if (rank == 0) {
			printf("{\"ranks\":%d,\"op\":\"all_reduce\",\"bytes\":%ld,\"iters\":%d,\"us\":%.3f,\"wrong\":%ld}\n", size, bytes, iters,
				median / size * 1e6, wrong);
			fflush(stdout);
		}
		free(times);
		free(buf);
	}
	MPI_Finalize();
}

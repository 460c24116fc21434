//go:build mpi && cgo && !windows

// See calls.h.

#include "calls.h"

#include <math.h>
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COMMS = 64 };

static MPI_Comm comms[MAX_COMMS + 1]; // for messages, and, last, for control
static MPI_Request opening[MAX_COMMS + 1];
static int ncomms; // without the one for control

static MPI_Request *requests;
static MPI_Status *statuses;
static int *indices;
static tutti_done *finished;
static int nslots;

static const MPI_Datatype *dtypes(void) {
	static MPI_Datatype t[5];
	t[TUTTI_FLOAT32] = MPI_FLOAT;
	t[TUTTI_FLOAT64] = MPI_DOUBLE;
	t[TUTTI_INT32] = MPI_INT32_T;
	t[TUTTI_INT64] = MPI_INT64_T;
	t[TUTTI_UINT8] = MPI_UINT8_T;
	return t;
}

// MPI leaves open what MPI_MIN and MPI_MAX make of a NaN and of −0 and +0. These do as Go's min and max: a NaN wins, −0
// is below +0.
#define EXTREME(name, T, prefer)                                                                                       \
	static void name(T *a, T *b, int n) {                                                                              \
		for (int i = 0; i < n; i++) {                                                                                  \
			T x = a[i], y = b[i];                                                                                      \
			if (isnan(x) || (x == y ? prefer(signbit(x), signbit(y)) : prefer(x < y, y < x)))                          \
				b[i] = x;                                                                                              \
		}                                                                                                              \
	}
#define FIRST(l, r) ((l) && !(r))
#define SECOND(l, r) ((r) && !(l))
EXTREME(min32, float, FIRST)
EXTREME(min64, double, FIRST)
EXTREME(max32, float, SECOND)
EXTREME(max64, double, SECOND)

// Bytes are ours altogether: Open MPI 4.1 adds them with saturation where the processor has AVX (200 + 100 = 255), and
// MPICH 4.0 compares them as signed. Sums and products wrap around, as Go's.
#define BYTES(name, expression)                                                                                        \
	static void name(uint8_t *a, uint8_t *b, int n) {                                                                  \
		for (int i = 0; i < n; i++) {                                                                                  \
			uint8_t x = a[i], y = b[i];                                                                                \
			b[i] = expression;                                                                                         \
		}                                                                                                              \
	}
BYTES(min8, x < y ? x : y)
BYTES(max8, x > y ? x : y)
BYTES(sum8, x + y)
BYTES(prod8, x *y)

static void own_min(void *a, void *b, int *n, MPI_Datatype *t) {
	if (*t == MPI_FLOAT)
		min32(a, b, *n);
	else if (*t == MPI_DOUBLE)
		min64(a, b, *n);
	else
		min8(a, b, *n);
}

static void own_max(void *a, void *b, int *n, MPI_Datatype *t) {
	if (*t == MPI_FLOAT)
		max32(a, b, *n);
	else if (*t == MPI_DOUBLE)
		max64(a, b, *n);
	else
		max8(a, b, *n);
}

static void own_sum(void *a, void *b, int *n, MPI_Datatype *t) {
	(void)t;
	sum8(a, b, *n);
}

static void own_prod(void *a, void *b, int *n, MPI_Datatype *t) {
	(void)t;
	prod8(a, b, *n);
}

// The operations of our own, by TUTTI_SUM and so on.
static MPI_Op own[4];
static int have_own;

static void make_own(void) {
	if (have_own)
		return;
	MPI_Op_create(own_sum, 1, &own[TUTTI_SUM]);
	MPI_Op_create(own_min, 1, &own[TUTTI_MIN]);
	MPI_Op_create(own_max, 1, &own[TUTTI_MAX]);
	MPI_Op_create(own_prod, 1, &own[TUTTI_PROD]);
	have_own = 1;
}

static MPI_Op op_of(int dtype, int op) {
	int real = dtype == TUTTI_FLOAT32 || dtype == TUTTI_FLOAT64;
	int extreme = op == TUTTI_MIN || op == TUTTI_MAX;
	if (dtype == TUTTI_UINT8 || (real && extreme))
		return own[op];
	switch (op) {
	case TUTTI_MIN:
		return MPI_MIN;
	case TUTTI_MAX:
		return MPI_MAX;
	case TUTTI_PROD:
		return MPI_PROD;
	}
	return MPI_SUM;
}

int tutti_init(int *enough) {
	int provided, e = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
	*enough = provided >= MPI_THREAD_SERIALIZED;
	return e;
}

int tutti_open_start(int *n, int64_t *tags) {
	int *bound, found, e;
	if ((e = MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &bound, &found)))
		return e;
	*tags = found ? (int64_t)*bound + 1 : 32768; // what the standard guarantees
	int64_t need = (((int64_t)1 << 32) + *tags - 1) / *tags;
	if (need > MAX_COMMS)
		return MPI_ERR_TAG;
	*n = ncomms = (int)need;
	make_own();
	for (int i = 0; i <= ncomms; i++)
		if ((e = MPI_Comm_idup(MPI_COMM_WORLD, &comms[i], &opening[i])))
			return e;
	return 0;
}

int tutti_open_test(int *done) {
	static MPI_Status ignored[MAX_COMMS + 1];
	int e = MPI_Testall(ncomms + 1, opening, done, ignored);
	if (!e && *done)
		for (int i = 0; i <= ncomms; i++)
			MPI_Comm_set_errhandler(comms[i], MPI_ERRORS_RETURN);
	return e;
}

int tutti_close(void) {
	int first = 0;
	for (int i = 0; i <= ncomms; i++) {
		int e = MPI_Comm_free(&comms[i]);
		if (!first)
			first = e;
	}
	free(requests), free(statuses), free(indices), free(finished);
	requests = NULL, statuses = NULL, indices = NULL, finished = NULL;
	nslots = 0;
	return first;
}

int tutti_slots(int n) {
	if (n <= nslots)
		return 0;
	requests = realloc(requests, n * sizeof *requests);
	statuses = realloc(statuses, n * sizeof *statuses);
	indices = realloc(indices, n * sizeof *indices);
	finished = realloc(finished, n * sizeof *finished);
	if (!requests || !statuses || !indices || !finished)
		return MPI_ERR_NO_MEM;
	while (nslots < n)
		requests[nslots++] = MPI_REQUEST_NULL;
	return 0;
}

int tutti_isend(int slot, void *p, int n, int to, int comm, int tag) {
	return MPI_Isend(p, n, MPI_BYTE, to, tag, comms[comm], &requests[slot]);
}

int tutti_irecv(int slot, void *p, int n, int from, int comm, int tag) {
	return MPI_Irecv(p, n, MPI_BYTE, from, tag, comms[comm], &requests[slot]);
}

int tutti_control_send(int slot, void *p, int n, int to) {
	return MPI_Isend(p, n, MPI_BYTE, to, 0, comms[ncomms], &requests[slot]);
}

int tutti_control_recv(int slot, void *p, int n) {
	return MPI_Irecv(p, n, MPI_BYTE, MPI_ANY_SOURCE, 0, comms[ncomms], &requests[slot]);
}

int tutti_ibarrier(int slot) {
	return MPI_Ibarrier(comms[0], &requests[slot]);
}

int tutti_allreduce(void *src, void *dst, int n, int dtype, int op) {
	return MPI_Allreduce(src == dst ? MPI_IN_PLACE : src, dst, n, dtypes()[dtype], op_of(dtype, op), comms[0]);
}

int tutti_reduce(void *src, void *dst, int n, int dtype, int op, int root) {
	return MPI_Reduce(src, dst, n, dtypes()[dtype], op_of(dtype, op), root, comms[0]);
}

int tutti_bcast(void *p, int n, int root) {
	return MPI_Bcast(p, n, MPI_BYTE, root, comms[0]);
}

int tutti_cancel(int slot) {
	return MPI_Cancel(&requests[slot]);
}

const tutti_found *tutti_poll(int looks, const uint32_t *wake) {
	static tutti_found found;
	found = (tutti_found){.done = finished};
	for (int i = 0; i < looks; i++) {
		int n = 0, e = MPI_Testsome(nslots, requests, &n, indices, statuses);
		if (e && e != MPI_ERR_IN_STATUS) {
			found.error = e;
			break;
		}
		found.n = n == MPI_UNDEFINED ? 0 : n;
		for (int k = 0; k < found.n; k++) {
			tutti_done *d = &finished[k];
			*d = (tutti_done){.slot = indices[k], .error = e ? statuses[k].MPI_ERROR : 0, .source = statuses[k].MPI_SOURCE};
			MPI_Get_count(&statuses[k], MPI_BYTE, &d->count);
			MPI_Test_cancelled(&statuses[k], &d->cancelled);
		}
		if (found.n > 0 || __atomic_load_n(wake, __ATOMIC_ACQUIRE))
			break;
		if (i >= 16)
			sched_yield();
	}
	return &found;
}

void tutti_error(int code, char *text, int n) {
	char s[MPI_MAX_ERROR_STRING];
	int len = 0;
	MPI_Error_string(code, s, &len);
	if (len > n - 1)
		len = n - 1;
	memcpy(text, s, len);
	text[len] = 0;
}

// The MPI calls that gompi does not have: nonblocking ones, and in-place collectives, on communicators of our own. They are made from one thread at
// a time. State is static because a process is in one MPI world at a time.

#ifndef TUTTI_MPI_CALLS_H
#define TUTTI_MPI_CALLS_H

#include <stdint.h>

// What tutti_poll found finished.
typedef struct {
	int slot;      // which request
	int error;     // MPI's error code, 0 for none
	int count;     // bytes received, where it was a receive
	int source;    // who sent them
	int cancelled; // 1 if the request was cancelled
} tutti_done;

// Element types and reductions, in the order of the tables in calls.c.
enum { TUTTI_FLOAT32, TUTTI_FLOAT64, TUTTI_INT32, TUTTI_INT64, TUTTI_UINT8 };
enum { TUTTI_SUM, TUTTI_MIN, TUTTI_MAX, TUTTI_PROD };

// Every function that returns int returns MPI's error code unless it says otherwise.
int tutti_init(int *enough); // starts MPI for calls from any thread, one at a time; enough: whether MPI can do that
int tutti_open_start(int *ncomms, int64_t *tags); // begins to duplicate the world; tags: how many a communicator has
int tutti_open_test(int *done);                   // one look at whether that is done
int tutti_close(void);                            // frees the communicators and what tutti_open_start made

// Each request occupies a slot, which is free again once tutti_poll has reported it.
int tutti_slots(int n); // makes room for n slots
int tutti_isend(int slot, void *p, int n, int to, int comm, int tag);
int tutti_irecv(int slot, void *p, int n, int from, int comm, int tag);
int tutti_control_send(int slot, void *p, int n, int to);
int tutti_control_recv(int slot, void *p, int n); // from anybody
int tutti_ibarrier(int slot);
int tutti_cancel(int slot);

// These return when this rank's part is done. src may be dst in an allreduce.
int tutti_allreduce(void *src, void *dst, int n, int dtype, int op);
int tutti_reduce(void *src, void *dst, int n, int dtype, int op, int root);
int tutti_bcast(void *p, int n, int root);

// What one tutti_poll found: n finished requests.
typedef struct {
	int error; // MPI's error code; then n is 0
	int n;
	tutti_done *done;
} tutti_found;

// tutti_poll looks at all requests, up to `looks` times, until one is finished or *wake is not 0. It gives the processor
// to whoever wants it after the first few looks. The result lasts until the next call.
const tutti_found *tutti_poll(int looks, const uint32_t *wake);

// tutti_error writes MPI's text for an error code, at most n bytes.
void tutti_error(int code, char *text, int n);

#endif

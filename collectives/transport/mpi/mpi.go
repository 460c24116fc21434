// Package mpi is the transport over MPI. It exists in binaries built with the tag mpi, on systems other than Windows;
// elsewhere Available is false and Open says what to do.
package mpi

import "time"

// Config says what Open expects to find. Only Size is required.
type Config struct {
	// Rank and Size are what the launcher's environment says, and Launcher is its name. MPI itself must agree: if it
	// does not, the launcher belongs to another MPI than this binary, and every process would train alone.
	Rank, Size int
	Launcher   string

	// CloseTimeout bounds how long Close waits for the other ranks to close as well before it ends the whole job.
	// 0 means 2 minutes.
	CloseTimeout time.Duration
}

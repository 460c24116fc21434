// Package rendezvous answers the two questions a process of a parallel job asks before it can talk to the others: who am
// I (Find reads it from the environment a launcher left), and where are they (a Store, in which every rank puts its
// address and waits for the addresses of the rest).
//
// There are two stores: Server and Dial over TCP, for ranks on any number of hosts, and OpenDir in a directory, for the
// ranks of one host whose launcher gives no address (mpirun). Both carry a few short strings once, at
// start; neither is a data path, and neither outlives the job.
package rendezvous

// Package launch starts the ranks of a job and joins them into a group. It is the only package that knows every
// transport: Open asks the environment who this process is, picks a transport and meets the other ranks; Local runs n
// ranks as goroutines of one process; Spawn runs n ranks as processes of this host, what `tutti launch` does.
package launch

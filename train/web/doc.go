// Package web serves a live page of a training run: curves of loss and metrics, throughput, the phases of a step, the
// ranks, the epochs and the settings. A [Server] is a [github.com/tutti-ml/tutti/train/summary.Sink] for the run.
//
//	page, err := web.Listen(":8080", web.Options{})
//	…
//	defer page.Close()
//	fmt.Println("live page:", page.URL())
//
// The page is one document that loads nothing from elsewhere, so it works without a network. Only GET is answered:
//
//	/              the page
//	/events        Server-Sent Events: everything at first, then what changed, at most four times a second
//	/api/history   everything, as JSON
//	/api/run       the same without the tables of steps, epochs and evaluations
//	/metrics       [Options.Metrics], if given
//	/debug/pprof/  profiles of the program, if [Options.Pprof] asks for them
//
// # JSON
//
// An answer of /api/history, and the data of each event of /events, is an object. In an event, what did not change is
// missing. Times are milliseconds since 1970, numbers that are not finite are null.
//
//	run          model, params, train, test, epochs, steps, batch_size, ranks, partitions, resumed, global, started,
//	             host, process, and config, a list of [name, value]; see summary.Run
//	now          state ("waiting" for a run, "running", or how it ended: "finished", "stopped", "interrupted", "failed"),
//	             error, epoch, step, global, loss, rate, samples_per_second (of the last seconds), elapsed in seconds,
//	             time (of the last step or end), clock (of this machine), checkpoints (how many were written),
//	             checkpointed (the step of the last)
//	steps        a table: global (a row's last step), loss, loss_min, loss_max, not_finite (losses that were not),
//	             rate, samples_per_second, phase/data … phase/update in milliseconds a step, and value/NAME
//	epochs       a table: epoch, global, samples, elapsed in seconds, train/NAME and test/NAME
//	evaluations  a table with the same columns: what was measured within epochs
//	ranks        total, and list: rank, host, samples_per_second, phases (parts of its time), seen, error
//	notes        a list of global, time, text: warnings, and checkpoints that could not be written
//
// A table is {"from": 7, "every": 4, "columns": {"global": [32, 36], …}}: the columns from row 7 on. Who follows the
// events drops what it has from there on and appends. A row of steps covers every steps in a row, a power of two that
// grows with the run: means, and the least and greatest loss. Of epochs and evaluations every how manieth is kept, and
// the last. So the server's memory is bounded: it is below 1 MB after any number of steps.
//
// At the end of /events comes an event named "close"; every 15 seconds, one named "ping".
//
// # Who may look
//
// An address without a host, such as ":8080", is the loopback interface: the page is for this machine's users, or goes
// through a tunnel (ssh -L 8080:localhost:8080). The server then answers only requests that name a loopback host. So a
// foreign site whose name is made to point here (DNS rebinding) gets nothing.
//
// On every other interface, for example "0.0.0.0:8080", a request needs the token that [Server.URL] carries: as
// ?token=…, as the cookie that the page's answer to it sets, or in a header, Authorization: Bearer …. There is no TLS:
// in a network that others can listen to, use a tunnel.
//
// Requests are bounded in size and time, connections and streams in number. A slow reader delays no step.
package web

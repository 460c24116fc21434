// Package prometheus serves what a run reports as metrics that Prometheus reads. [Sink] receives the events and is the
// [net/http.Handler] of /metrics; [Registry] with [Counter], [Gauge] and [Histogram] is for a program's own metrics.
//
// The text format, version 0.0.4, is written by hand: the client library brings more packages than this whole module
// has. Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and
// https://prometheus.io/docs/practices/naming/
package prometheus

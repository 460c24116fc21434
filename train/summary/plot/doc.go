// Package plot draws the curves of runs as PNG or SVG: loss and metrics over steps, several runs in one picture.
//
//	runs, err := history.ReadFile("history.jsonl")
//	...
//	curves := plot.Curves("lenet5", runs[0], "loss", "test/loss")
//	err = plot.Save("loss.svg", curves, plot.Options{Title: "LeNet-5", Smooth: 0.6})
//
// It is on top of gonum/plot, which brings fonts and image codecs into a program: therefore it is a package by itself.
package plot

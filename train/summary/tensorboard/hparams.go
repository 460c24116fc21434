package tensorboard

import (
	"strconv"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

// HParams writes the settings of a run for TensorBoard's page HParams, which sets runs side by side. A value that is a
// number in Go's notation is one there. metrics are the tags of the curves whose last points the page shows.
// A run has one such list; [Writer.Done] says how the run ended.
func (w *Writer) HParams(settings []summary.Field, metrics ...string) error {
	var experiment, start []byte
	for _, f := range settings {
		number, err := strconv.ParseFloat(f.Value, 64)
		kind := int64(3) // DATA_TYPE_FLOAT64
		if err != nil {
			kind = 1 // DATA_TYPE_STRING
		}
		var at, value int
		experiment, at = open(experiment, 4) // hparam_infos
		experiment = appendString(experiment, 1, f.Name)
		experiment = shut(appendInt(experiment, 4, kind), at)
		start, at = open(start, 1) // hparams, a map to google.protobuf.Value
		start = appendString(start, 1, f.Name)
		start, value = open(start, 2)
		if err == nil {
			start = appendOneDouble(start, 2, number)
		} else {
			start = appendOneString(start, 3, f.Value)
		}
		start = shut(shut(start, value), at)
	}
	for _, tag := range metrics {
		var at, name int
		experiment, at = open(experiment, 5) // metric_infos
		experiment, name = open(experiment, 1)
		experiment = shut(shut(appendString(experiment, 2, tag), name), at)
	}
	if err := w.hparams("_hparams_/experiment", 2, experiment); err != nil {
		return err
	}
	return w.hparams("_hparams_/session_start_info", 3, start)
}

// Done ends what HParams began: the run went well, or failed.
func (w *Writer) Done(well bool) error {
	status := int64(1) // STATUS_SUCCESS
	if !well {
		status = 2 // STATUS_FAILURE
	}
	return w.hparams("_hparams_/session_end_info", 4, appendInt(nil, 1, status))
}

// hparams writes a HParamsPluginData whose given field holds message.
func (w *Writer) hparams(tag string, field int, message []byte) error {
	content := appendOneString(nil, field, message)
	return w.write(time.Time{}, 0, func(b []byte) []byte {
		b, sum := open(b, eventSummary)
		b, value := open(b, 1)
		b = appendString(b, valueTag, tag)
		b = appendPlugin(b, "hparams", content)
		return shut(shut(b, value), sum)
	})
}

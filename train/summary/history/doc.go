// Package history keeps what a run reports in a file of JSON Lines: one object a line, appended and handed to the
// operating system as it happens, easy to read by jq, pandas.read_json(path, lines=True) or [Read].
//
//	{"event":"run","time":"2026-01-31T10:00:00Z","model":"lenet5","params":61706,"epochs":5,"config":{"Sync":"ring"},…}
//	{"event":"step","time":"…","epoch":1,"step":3,"global":3,"samples":32,"loss":0.25,"lr":0.1,"metrics":{"norm":2.5},
//	 "phases":{"data":0.001,"forward":0.002,"backward":0.003,"sync":0,"update":0.001},"seconds":0.008}
//	{"event":"evaluation","time":"…","epoch":1,"step":3,"global":3,"test":{"loss":0.5,"accuracy":0.9},"seconds":0.5}
//	{"event":"epoch","time":"…","epoch":1,"global":60,"samples":1920,"train":{"loss":0.5},"test":{…},"seconds":2}
//	{"event":"checkpoint","time":"…","epoch":1,"step":60,"global":60,"path":"a.safetensors","bytes":1234,"seconds":0.1}
//	{"event":"warning","time":"…","global":60,"text":"…","error":"…"}
//	{"event":"end","time":"…","global":300,"outcome":"finished","seconds":10}
//
// The names are those of the events of package summary; global counts steps from the very start, and durations are
// seconds. What is zero or empty may be left out. A number that JSON does not have is the string "NaN", "Infinity" or
// "-Infinity". A step line may stand for several steps ("steps"): see [Options].
//
// A file may hold several runs, one after the other. When a run goes on from a checkpoint, what the file has beyond
// the checkpoint's step is cut off, and the run's new lines follow: each step is there once. The last line may be torn
// by a crash: readers leave it out, and the next run cuts it off.
package history

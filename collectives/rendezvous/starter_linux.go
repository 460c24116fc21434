package rendezvous

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
)

// starter names the process that started this rank and the others of this host, as no other process is named: by host,
// number and time. That is the nearest ancestor that has not the variable, name=value, which tells this rank its
// number, so there may be shells between. "" if that cannot be known.
func starter(variable string) string {
	for pid := fmt.Sprint(os.Getppid()); pid != "0"; {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			return ""
		}
		// proc(5): number, (name), state, parent, …, time of the start as the 22nd; names may have blanks and brackets.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 20 {
			return ""
		}
		environ, err := os.ReadFile("/proc/" + pid + "/environ") // of another user it is not to be read
		if err != nil || !slices.Contains(strings.Split(string(environ), "\x00"), variable) {
			host, _ := os.Hostname()
			return fmt.Sprintf("process %s of %s, from %s", pid, host, fields[19])
		}
		pid = fields[1]
	}
	return ""
}

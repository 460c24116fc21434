package launch

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
)

// meets is a rank that opens its group and waits for all others; then, if it is to talk to all, it sums by an algorithm
// in which everybody does. Rank 0 says how much memory they share.
func meets(talk string) int {
	ctx := context.Background()
	g, err := Open(ctx, Config{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer g.Close()
	if err := collectives.Barrier(ctx, g); err != nil {
		fmt.Println(err)
		return 1
	}
	if talk == "all" {
		buf := []float64{1, 0}
		for i := range 2 {
			if err := collectives.AllReduce(ctx, g, buf, collectives.Sum); err != nil {
				fmt.Println(err)
				return 1
			}
			if i == 0 && buf[0] != float64(g.Size()) {
				fmt.Println("sum", buf[0])
				return 1
			}
			buf = []float64{0, shared()}
		}
		if g.Rank() == 0 {
			fmt.Printf("shared MiB: %.0f\n", buf[1]/2/1024) // each page counts at both its ends
		}
	}
	return 0
}

// shared returns how much of this process's memory is shared with others, in KiB.
func shared() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "RssShmem:")
	for word := range strings.FieldsSeq(after) {
		kib, _ := strconv.ParseFloat(word, 64)
		return kib
	}
	return 0
}

// A job of 256 ranks starts, though two cores have to do: the store has one connection for each, what fails is tried
// again, and who is silent because others have their turn is not taken for lost. ci/soak sets TUTTI_SOAK, for 20 starts
// in which all talk to all, by which they share less than 1 GiB.
func TestSoakManyRanks(t *testing.T) {
	if testing.Short() {
		t.Skip("not run: some ten seconds of two cores")
	}
	size, times, talk := 256, 1, "none"
	if runtime.GOOS != "linux" {
		size = 32 // not everywhere may a user have as many processes
	}
	if part, err := strconv.Atoi(os.Getenv("TUTTI_SOAK")); err == nil {
		times, talk = max(1, 20/part), "all"
	}
	for i := range times {
		var out, errs lines
		err := spawn(t, "meets", SpawnConfig{N: size, Argv: []string{talk}, Stdout: &out, Stderr: &errs})
		require.NoError(t, err, "start %d: %.2000s%.2000s", i, out.String(), errs.String())
		if talk == "all" {
			said := regexp.MustCompile(`shared MiB: (\d+)`).FindStringSubmatch(out.String())
			require.NotNil(t, said)
			mib, _ := strconv.Atoi(said[1])
			t.Logf("start %d: %d MiB shared", i, mib)
			assert.LessOrEqual(t, mib, 1024)
		}
	}
}

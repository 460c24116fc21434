package train

import (
	"fmt"
	"sync"

	"github.com/tutti-ml/tutti/autograd"
)

// claims are the parameters that runs of this process train now. Two runs that step one parameter would race.
var claims = struct {
	sync.Mutex
	of map[*autograd.Param]*job
}{of: map[*autograd.Param]*job{}}

// claim makes the parameters that j trains its own until release, or says which of them another run has.
func (j *job) claim() error {
	claims.Lock()
	defer claims.Unlock()
	for _, p := range j.params {
		if claims.of[p.Param] != nil {
			return fmt.Errorf("train: Config.Model (%T): another Run trains its parameter %s at this moment: "+
				"train one after the other, "+
				"or give each rank a model of its own", j.c.Model, p.Name)
		}
	}
	for _, p := range j.params {
		if !p.Frozen {
			claims.of[p.Param] = j
		}
	}
	return nil
}

// release ends what claim began, if it did.
func (j *job) release() {
	claims.Lock()
	defer claims.Unlock()
	for _, p := range j.params {
		if claims.of[p.Param] == j {
			delete(claims.of, p.Param)
		}
	}
}

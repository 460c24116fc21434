package train

import (
	"fmt"
	"sync"

	"github.com/tutti-ml/tutti/autograd"
)

// claims are the parameters that runs of this process train now. Two runs that step one parameter would race.
var claims = struct {
	sync.Mutex
	of map[*autograd.Param]*run
}{of: map[*autograd.Param]*run{}}

// claim makes the parameters that r trains its own until release, or says which of them another run has.
func (r *run) claim() error {
	claims.Lock()
	defer claims.Unlock()
	for _, p := range r.params {
		if claims.of[p.Param] != nil {
			return fmt.Errorf("train: Config.Model (%T): another Run trains its parameter %s at this moment: "+
				"train one after the other, "+
				"or give each rank a model of its own", r.c.Model, p.Name)
		}
	}
	for _, p := range r.params {
		if !p.Frozen {
			claims.of[p.Param] = r
		}
	}
	return nil
}

// release ends what claim began, if it did.
func (r *run) release() {
	claims.Lock()
	defer claims.Unlock()
	for _, p := range r.params {
		if claims.of[p.Param] == r {
			delete(claims.of, p.Param)
		}
	}
}

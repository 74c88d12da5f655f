package ddb

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// Usage is what a table on demand is charged for, counted from the start.
type Usage struct {
	Requests int     // that functions may make, served or refused by a condition
	Reads    float64 // request units: half of one for each 4 KiB of a weak read
	Writes   float64 // request units: one for each KiB
}

// Usage returns the counters.
func (p *Proxy) Usage() Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.usage
}

// Minus returns what was used since then.
func (u Usage) Minus(then Usage) Usage {
	return Usage{u.Requests - then.Requests, u.Reads - then.Reads, u.Writes - then.Writes}
}

// count adds what an answer was charged.
func (p *Proxy) count(c *call, res response) {
	var said struct {
		ConsumedCapacity struct{ CapacityUnits float64 }
	}
	_ = json.Unmarshal(res.body, &said) // of a refusal nothing is said
	refused := bytes.Contains(res.body, []byte("ConditionalCheckFailedException"))
	if res.status != http.StatusOK && !refused {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.usage.Requests++
	switch {
	case c.writes():
		p.usage.Writes += max(said.ConsumedCapacity.CapacityUnits, 1)
	case c.fields.truth("ConsistentRead"):
		p.usage.Reads += max(said.ConsumedCapacity.CapacityUnits, 1)
	default:
		p.usage.Reads += max(said.ConsumedCapacity.CapacityUnits, 0.5)
	}
}

package server

import (
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/assist/assisttest"
)

// TestModelsAtTheStart: a model that is no use is a warning of readiness before a
// visitor came, with what is wrong, and the server is ready all the same.
func TestModelsAtTheStart(t *testing.T) {
	fake := assisttest.Start()
	defer fake.Close()
	st := newStore()
	all := core.DefaultSettings()
	all.Version, all.Sites[0].Assistant = 1, true
	all.Sites[0].Receptionist.Providers = []core.Provider{{URL: fake.URL, Model: "keyed", Key: "sk-wrong"}}
	if err := st.PutSettings(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	s, _ := begin(t, Options{Config: settings(t), OpenStore: st.open})
	deadline := time.Now().Add(10 * time.Second)
	for {
		status, said := get(t, "http://"+s.OpsAddr().String()+"/readyz")
		if status != 200 {
			t.Fatalf("%d %s", status, said)
		}
		if strings.Contains(said, "warning: ") && strings.Contains(said, "(keyed): it does not take the key (401)") && !strings.Contains(said, "sk-wrong") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("readiness says %q", said)
		}
	}
}

package ops

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

const dashboards = "../../../infra/dashboards/"

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(dashboards + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// expressions are those of the dashboard, its variables and the alerts.
func expressions(t *testing.T) (all []string) {
	t.Helper()
	var board struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
		Templating  struct{ List []struct{ Query string } }
		Annotations struct{ List []struct{ Expr string } }
	}
	if err := json.Unmarshal([]byte(read(t, "grafana/kefu.json")), &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	for _, v := range board.Templating.List {
		all = append(all, v.Query)
	}
	for _, a := range board.Annotations.List {
		all = append(all, a.Expr)
	}
	for _, m := range regexp.MustCompile(`(?m)^        expr: (.*)$`).FindAllStringSubmatch(read(t, "rules.yaml"), -1) {
		all = append(all, m[1])
	}
	if len(all) < 50 {
		t.Fatalf("only %d expressions were found", len(all))
	}
	return all
}

// Every metric that the dashboard and the alerts name is on /metrics, with every
// label and every value that they ask of it.
func TestDashboardsNameWhatThereIs(t *testing.T) {
	text := scraped(t, busy(t, waiting()))
	samples := map[string]string{} // name -> its lines
	for line := range strings.Lines(text) {
		if name := regexp.MustCompile(`^[a-z_]+`).FindString(line); name != "" {
			samples[name] += line
		}
	}
	metric := regexp.MustCompile(`\b((?:kefu|go|process)_[a-z_]+)(\{[^}]*\})?`)
	matcher := regexp.MustCompile(`([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	for _, e := range expressions(t) {
		e = strings.ReplaceAll(e, `\"`, `"`)
		for _, m := range metric.FindAllStringSubmatch(e, -1) {
			lines, ok := samples[m[1]]
			if !ok {
				t.Errorf("there is no metric %s, which is asked for by %s", m[1], e)
			}
			for _, want := range matcher.FindAllStringSubmatch(m[2], -1) {
				label, op, value := want[1], want[2], want[3]
				if label == "job" || label == "instance" { // Prometheus adds them
					continue
				}
				if !strings.Contains(lines, label+`="`) {
					t.Errorf("%s has no label %s, which is asked for by %s", m[1], label, e)
				}
				for v := range strings.SplitSeq(value, "|") {
					if op == "=" && label != "result" && !strings.Contains(lines, label+`="`+v+`"`) {
						t.Errorf("%s is never %s=%q, which is asked for by %s", m[1], label, v, e)
					}
				}
			}
		}
	}
}

// What is counted is looked at: every metric of ours is on the dashboard, and in
// the table of the manual.
func TestMetricsAreLookedAt(t *testing.T) {
	all, err := busy(t, waiting()).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	board, manual := read(t, "grafana/kefu.json"), read(t, "../../localserver/README.md")
	for _, f := range all {
		name := f.GetName()
		if !strings.HasPrefix(name, "kefu_") {
			continue
		}
		if !regexp.MustCompile(name + `(_bucket|_sum|_count)?\{`).MatchString(board) {
			t.Errorf("no panel shows %s", name)
		}
		if !strings.Contains(manual, "`"+name+"`") {
			t.Errorf("localserver/README.md does not name %s", name)
		}
	}
}

// Every alert says what to do and has a section in the runbooks, and promtool's
// tests see it fire.
func TestAlertsHaveRunbooks(t *testing.T) {
	rules, books, tests := read(t, "rules.yaml"), read(t, "runbooks.md"), read(t, "rules_test.yaml")
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	for _, a := range alerts {
		name := a[1]
		if !strings.Contains(books, "\n## "+name+"\n") || !strings.Contains(rules, "runbook: infra/dashboards/runbooks.md#"+strings.ToLower(name)+"\n") {
			t.Errorf("%s has no runbook", name)
		}
		for _, test := range []string{", fires\n", ", is silent\n"} {
			if !strings.Contains(tests, "- name: "+name+test) {
				t.Errorf("%s has no test in which it%s", name, strings.Trim(test, ",\n"))
			}
		}
	}
	if n := strings.Count(books, "\n## "); n != len(alerts) || n < 15 {
		t.Errorf("%d runbooks for %d alerts", n, len(alerts))
	}
}

//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"
)

// report is Markdown, written as it is learnt.
type report struct{ strings.Builder }

func (r *report) line(format string, args ...any) { fmt.Fprintf(r, format+"\n", args...) }

// row writes one row of the main table, with whether an aim is met.
func (r *report) row(what, value, aim string, met bool) {
	mark := ""
	if aim != "" {
		mark = map[bool]string{true: "met", false: "**missed**"}[met]
	}
	r.line("| %s | %s | %s | %s |", what, value, aim, mark)
}

func kib(bytes int64) string { return fmt.Sprintf("%.1f KiB", float64(bytes)/1024) }

func (r *report) head(command, version string, facts []string) {
	r.line("## Under load\n")
	r.line("`%s`\n", command)
	for _, f := range facts {
		r.line("- %s", f)
	}
	r.line("- %s, its database SQLite; the server on core 0, the client on core 1", version)
	r.line("- settings of the site: limits.rate %d, limits.burst %d; configuration:\n", rate, burst)
	r.line("```yaml\n%s```\n", configuration)
}

func (r *report) main(m mainRun, ours bool) {
	r.line("| figure | here | aim | |\n|---|---:|---:|---|")
	r.row("connections open", fmt.Sprint(m.connections), "10,000", m.connections >= 10_000)
	if ours {
		r.row("RSS for each idle connection", kib(m.idle), "25 KiB", m.idle <= 25<<10)
		r.row("RSS with all of them", fmt.Sprintf("%d MiB", m.rss>>20), "", true)
	}
	r.row("connections a second, hello and welcome included", fmt.Sprintf("%.0f", m.accepts), "", true)
	for i, o := range m.offers {
		what := fmt.Sprintf("%d messages/s, idle connections open: p50, p99, p99.9", o.rate)
		three := round(o.latencies.at(.5)) + ", " + round(o.latencies.at(.99)) + ", " + round(o.latencies.at(.999))
		r.row(what, three, "p99 15 ms", o.latencies.at(.99) <= 15*time.Millisecond)
		if o.refused > 0 {
			r.row("— more than it could do: refused after", fmt.Sprint(o.sent), "all are taken", false)
		} else {
			r.row("— of them lost", fmt.Sprint(o.sent-o.got), "0", o.sent == o.got)
		}
		if ours {
			r.row("— CPU of the server for each", round(m.cpu[i]), "", true)
		}
		if m.client[i] > 0.9 {
			r.row("— the client itself had little time left", fmt.Sprintf("%.0f %% of its core", 100*m.client[i]), "", true)
		}
	}
	r.row("most durable messages a second", fmt.Sprintf("%.0f", m.most), "5,000", m.most >= 5_000)
	if ours {
		r.row("— CPU of the server for each", round(m.mostCPU), "", true)
		r.row(fmt.Sprintf("longest of %d GC pauses meanwhile, at most", m.pauses), round(m.longest), "5 ms", m.longest <= 5*time.Millisecond)
	}
	r.line("")
}

func (r *report) variants(title string, rows []variant) {
	r.line("### %s\n", title)
	r.line("| | messages/s at most | CPU for each | p50, p99 at %d/s |\n|---|---:|---:|---:|", rows[0].offered.rate)
	for _, v := range rows {
		r.line("| %s | %.0f | %s | %s, %s |", v.name, v.most, round(v.cpu), round(v.offered.latencies.at(.5)), round(v.offered.latencies.at(.99)))
	}
	r.line("")
}

// guided says what the profile is worth.
func (r *report) guided(rows []variant) {
	r.variants("Built by a profile (PGO), the median of three by CPU", rows)
	gain := 100 * (1 - float64(rows[1].cpu)/float64(rows[0].cpu))
	r.line("The profile saves %.1f %% of the CPU of a message; from 3 %% on it is kept as `localserver/default.pgo` (`--profile` writes it there).\n", gain)
}

func (r *report) scale(rows []variant) {
	r.line("### What a message costs as there is more of everything\n")
	r.line("At %d messages/s. Agents beyond the ten who answer are online and have no seat.\n", rows[0].offered.rate)
	r.line("| | CPU for each | p99 | ready after |\n|---|---:|---:|---:|")
	for _, v := range rows {
		r.line("| %s | %s | %s | %s |", v.name, round(v.cpu), round(v.offered.latencies.at(.99)), round(v.ready))
	}
	r.line("")
}

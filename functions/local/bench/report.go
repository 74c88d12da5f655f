package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// The figures that are promised.
const (
	maxBytes     = 9_000_000
	maxStart     = 20 * time.Millisecond
	maxRoundTrip = 3 * time.Millisecond
	maxCold      = 4.20
	maxWarm      = 4.05
	maxAllIn     = 5.20
)

// The heartbeats of a session: what the SDK does while a page is open, which
// sdk/visitor/link.test.ts counts, for messages that come when they like. A
// visitor's begins at 25 s and grows to 50, and is put off by what is said
// meanwhile. An agent's is 15 s, and goes with what they say if it is due soon; it
// is shared by those who are served at the same time, and so is what renews their
// lease. Sessions are those that keep one process as busy as it is assumed to be;
// what a sweep takes anyway is shared by all of them.
const (
	visitorsPings = 6.0
	agentsBeat    = 15
	agentsAlone   = 24.0 / perAgent
	agentsAlong   = 29.0 / perAgent
	renewals      = sessionMinutes * 60.0 / agentsBeat / perAgent
	sessions      = messagesASec * 60 * sessionMinutes / perSession
	told          = 2.0 / sessionMinutes // of the sweeps while a session is open: its beginning and its end are news
)

// printer writes tables, and counts what was missed.
type printer struct {
	w      io.Writer
	missed int
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// row is a figure beside what was promised.
func (p *printer) row(what, measured, promised string, kept bool) {
	mark := "yes"
	if !kept {
		mark = "**no**"
		p.missed++
	}
	p.line("| %s | %s | %s | %s |", what, measured, promised, mark)
}

// report prints everything and returns how many figures were missed.
func report(w io.Writer, sizes []size, t times, c counted) (missed int) {
	p := &printer{w: w}
	p.line("| figure | here | promised | kept |\n|---|---:|---:|---|")
	for _, s := range sizes {
		p.row("bootstrap of "+s.name+", arm64", fmt.Sprintf("%.2f MB", float64(s.bytes)/1e6), "9 MB", s.bytes <= maxBytes)
	}
	for _, s := range sizes {
		at := t.start[s.name]
		p.row("start of "+s.name+" to its first /next, median", ms(at.median)+" (p95 "+ms(at.p95)+")", ms(maxStart), at.median <= maxStart)
	}
	p.row("a message to its ack, warm, median", ms(t.roundTrip.median)+" (p95 "+ms(t.roundTrip.p95)+")", ms(maxRoundTrip), t.roundTrip.median <= maxRoundTrip)
	p.line("| of it without any database: a frame that is refused, to its answer | %s (p95 %s) | | |", ms(t.refused.median), ms(t.refused.p95))
	p.line("| of it in the local database: each of three requests, which it serves one by one | %s (p95 %s) | | |", ms(t.write.median), ms(t.write.p95))
	cold, warm := total(bill(c.cold, messageMs)), total(bill(c.warm, messageMs))
	session := overheads(c)
	p.row("a million messages, each to a process that does not know the conversation", dollars(cold), dollars(maxCold/1e6), million(cold) <= maxCold)
	p.row("a million messages, warm", dollars(warm), dollars(maxWarm/1e6), million(warm) <= maxWarm)
	all := cold + total(session)
	p.row(fmt.Sprintf("a million messages, all in, in sessions of %d messages and %d minutes", perSession, sessionMinutes), dollars(all), dollars(maxAllIn/1e6), million(all) <= maxAllIn)

	p.line("\nWhat a message uses, counted:\n\n| | in | out | invocations | write units | read units | bytes to clients | bytes logged |\n|---|---:|---:|---:|---:|---:|---:|---:|")
	for _, r := range []struct {
		what string
		u    units
	}{
		{"message, warm", c.warm}, {"message, cold", c.cold}, {"rights, every 5 s a process", c.rights}, {"$connect and hello", c.hello},
		{"first message: open, assign", c.open}, {"ping of a visitor", c.visitorsPing}, {"ping of an agent", c.agentsPing}, {"ping of an agent, with what they say", c.agentsAlong},
		{"end", c.end}, {"$disconnect", c.leave}, {"sweep", c.idle}, {"what a session adds to it that has just begun", c.news}, {"what any other open session adds", c.sweep}, {"question, and its answer by the receptionist", c.answer.units},
	} {
		u := r.u
		p.line("| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.0f | %.0f |", r.what, u.in, u.out, u.invocations, u.writes, u.reads, u.sent, u.logged)
	}
	p.bill("A million messages, cold", bill(c.cold, messageMs))
	p.bill("A million messages, warm", bill(c.warm, messageMs))
	p.bill("What a session adds to each million of its messages", session)
	p.bill("A million answers of the receptionist, besides the messages that they answer", answerBill(c))
	p.line("\nWhat the model asks for its tokens is not in it: a request has %.0f bytes, with one article found.", c.answer.prompt)
	beats := 0.0
	for _, l := range session {
		if strings.HasPrefix(l.what, "heartbeats") || l.what == "the lease of the agent" {
			beats += l.dollars
		}
	}
	p.line("\nHeartbeats are %s of that. With a single one of the visitor in ten minutes, which is all that API Gateway needs, it would be %s all in.",
		dollars(beats), dollars(all-beats+total(bill(c.visitorsPing, otherMs))/perSession))
	p.sample(warm)
	p.assumptions()
	return p.missed
}

// overheads is what a session costs besides its messages, for one message.
func overheads(c counted) []line {
	first := c.open.minus(c.cold.times(2)) // two of the messages are among those that open it
	share := func(what string, u units, ms, times float64, why string) line {
		return line{what, total(bill(u, ms)) * times / perSession, why}
	}
	sweeps := c.idle.times(1 / sessions).plus(c.sweep.times(1 - told)).plus(c.news.times(told))
	minutes := sessionMinutes + 2 + float64(sessionMinutes)/perAgent // rounded up, and an agent's share
	return []line{
		{"minutes of connections", minutes * perMinute / perSession, "API Gateway's own"},
		share("$connect, hello, $disconnect", c.hello.plus(c.leave), connectMs, 1,
			"written: what only $connect is told, who that is, where a message finds them; at the end both rows go. Read: who has the origin, the log, the profile"),
		share("open, assign", first, otherMs, 1,
			"written: the profile, the place in line before there is a session, the seat before it is given, the assignment, out of the line, how fast the answer was. Read: the line and the roster, again after the commit, so that nobody waits beside a free seat"),
		share("end", c.end, otherMs, 1, "written: the list of what is closed, the change, the seat; both sides hear of it"),
		share("heartbeats of the visitor", c.visitorsPing, otherMs, visitorsPings, "find what a push lost, within one"),
		share("heartbeats of the agent, messages of their own", c.agentsPing, otherMs, agentsAlone, "likewise, for all that they hold; who drops out is noticed within 40 s"),
		share("heartbeats of the agent, with what they say", c.agentsAlong, 0, agentsAlong, "read what they hold"),
		{"the lease of the agent", renewals * perWrite / perSession, "nobody is given to who is not there"},
		share("sweeps", sweeps, otherMs, sessionMinutes, "read each open session once a minute: an alarm would be moved by every other message"),
		{"rights, read every 5 s by each process", total(bill(c.rights, 0)) / (messagesASec * rightsEvery), "accounts, settings, blocks, webhooks: what is revoked ends within 10 s"},
		{"logged", (c.warm.logged*(perSession-2) + c.open.logged + c.end.logged) * perByteLogged / perSession, "one line of metrics for each message"},
		{"stored", c.stored * storedMonths * perByteStored, fmt.Sprintf("%.0f bytes a message for %g months, counted", c.stored, storedMonths)},
	}
}

func (p *printer) bill(title string, lines []line) {
	p.line("\n%s:\n\n| | | |\n|---|---:|---|", title)
	for _, l := range lines {
		p.line("| %s | %s | %s |", l.what, dollars(l.dollars), l.why)
	}
	p.line("| **sum** | **%s** | |", dollars(total(lines)))
}

// sample prints what the sample of AWS costs.
func (p *printer) sample(warm float64) {
	p.line("\nBeside it aws-samples/simple-websockets-chat-app, which scans all connections, posts to each and stores nothing; by the\nsame prices, calculated and not counted:\n\n| open connections | a million messages |\n|---:|---:|")
	for _, n := range []int{2, 20, 200, 1000} {
		p.line("| %d | %s |", n, dollars(sample(n)))
	}
	p.line("\nOurs is %s however many are connected.", dollars(warm))
}

func (p *printer) assumptions() {
	p.line("\nAssumed, not counted: %d MB arm64; %d ms for a message, %d ms for $connect and $disconnect, %d ms for any other frame; a warm\n"+
		"process serves %g message a second, which shares its reads of rights; what is said is kept for %g months; %d bytes that a message\n"+
		"to a client has around it; a session has %d messages in %d minutes, %g heartbeats of the visitor and %.1f of the agent, who\n"+
		"serves %d at a time; %g sessions are open at the same time; a model says its first word after %g s and its last %g s later, in %d "+
		"pieces a second. Free tiers, the HTTP API and platform logs (SystemLogLevel WARN writes none) are left out.",
		memoryMB, messageMs, connectMs, otherMs, messagesASec, storedMonths, framing, perSession, sessionMinutes, visitorsPings, agentsAlone+agentsAlong, perAgent, sessions, modelSeconds, answerSeconds, deltasASec)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// dollars is the price of a million of what costs so much, with separators as
// in 1,004.24.
func dollars(each float64) string {
	text := fmt.Sprintf("%.2f", million(each))
	whole, cents, _ := strings.Cut(text, ".")
	var groups []string
	for len(whole) > 3 {
		groups = append(groups, whole[len(whole)-3:])
		whole = whole[:len(whole)-3]
	}
	groups = append(groups, whole)
	slices.Reverse(groups)
	return "$" + strings.Join(groups, ",") + "." + cents
}

package main

import "math"

// List prices in us-east-1, in dollars, of 2026: aws.amazon.com/api-gateway,
// /lambda, /dynamodb (on demand), /ec2 (data transfer), /cloudwatch. The free
// tiers are left out.
const (
	perMessage    = 1.00e-6    // of a WebSocket API, in either direction, for each 32 KB
	perMinute     = 0.25e-6    // of an open connection
	perInvocation = 0.20e-6    // of Lambda
	perGBSecond   = 1.33334e-5 // of Lambda on arm64
	perGBSecond86 = 1.66667e-5 // of Lambda on x86
	perWrite      = 0.625e-6   // request unit of DynamoDB
	perRead       = 0.125e-6   // request unit of DynamoDB
	perByteOut    = 0.09 / 1e9 // to the internet
	perByteLogged = 0.50 / 1e9 // taken in by CloudWatch
	perByteStored = 0.25 / 1e9 // a month in DynamoDB
	framing       = 100        // bytes that WebSocket, TLS and TCP add to a message, assumed
)

// Assumptions: what can not be counted on one machine.
const (
	memoryMB       = 256
	messageMs      = 30  // of a frame that is stored and pushed: a write to DynamoDB and a post, each over the network
	otherMs        = 10  // of any other frame
	connectMs      = 15  // of $connect, $disconnect
	messagesASec   = 1.0 // that one process serves while it is warm: it reads rights anew every 5 s
	rightsEvery    = 5.0 // seconds
	storedMonths   = 3.0 // until retention deletes it, on average
	sessionMinutes = 10
	perSession     = 20 // messages
	perAgent       = 5  // sessions that an agent serves at the same time

	modelSeconds  = 1.0  // until the first word of a model
	answerSeconds = 3.0  // from there to the last
	deltasASec    = 3    // pieces that are pushed meanwhile
	assistMB      = 1024 // of the function assist
)

// lambda is the price of an invocation.
func lambda(mb, ms, perGB float64) float64 { return perInvocation + mb/1024*ms/1000*perGB }

// units is what something used, for one message or one session.
type units struct {
	in, out, invocations, writes, reads, sent, logged float64
}

func (u units) minus(v units) units { return u.plus(v.times(-1)) }

func (u units) plus(v units) units {
	return units{
		u.in + v.in, u.out + v.out, u.invocations + v.invocations, u.writes + v.writes, u.reads + v.reads, u.sent + v.sent, u.logged + v.logged,
	}
}

func (u units) times(f float64) units {
	return units{u.in * f, u.out * f, u.invocations * f, u.writes * f, u.reads * f, u.sent * f, u.logged * f}
}

// line is a row of a bill.
type line struct {
	what    string
	dollars float64 // for one message
	why     string  // it is asked for; "": that goes without saying
}

// bill is what units cost, if an invocation takes so many milliseconds.
func bill(u units, ms float64) []line {
	return []line{
		{what: "API Gateway, messages in", dollars: u.in * perMessage},
		{what: "API Gateway, messages out", dollars: u.out * perMessage},
		{what: "Lambda", dollars: u.invocations * lambda(memoryMB, ms, perGBSecond)},
		{what: "DynamoDB, writes", dollars: u.writes * perWrite},
		{what: "DynamoDB, reads", dollars: u.reads * perRead},
		{what: "bytes to clients", dollars: (u.sent + u.out*framing) * perByteOut},
	}
}

func total(lines []line) (sum float64) {
	for _, l := range lines {
		sum += l.dollars
	}
	return sum
}

// million is what a million messages cost.
func million(dollars float64) float64 { return dollars * 1e6 }

// sample is what a message costs in aws-samples/simple-websockets-chat-app
// with so many connections: it scans all of them, posts to each, and stores
// nothing. Its invocation is taken to be 25 ms and 0.6 ms a post, at its
// 256 MB of x86.
func sample(connections int) float64 {
	n := float64(connections)
	scan := 0.5 * max(1, math.Ceil(n*28/4096)) // read units: an item has 28 bytes
	return perMessage + n*perMessage + lambda(memoryMB, 25+0.6*n, perGBSecond86) + scan*perRead
}

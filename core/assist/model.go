package assist

import (
	"context"

	"kefu/core"
)

// Model is one that completes a chat. Package openai has the one
// implementation there is, over OpenAI's protocol; tests may have others.
// Their errors are of type *Fault. What they say was used is not priced yet,
// and zero if they were not told.
type Model interface {
	// Chat asks for the next message. heard is called with each piece of its
	// text as it comes, and with "" when anything else shows that the model
	// is at work. An error may come after pieces did.
	Chat(ctx context.Context, p Prompt, heard func(piece string)) (Reply, error)

	// Embed returns one vector for each text, all of one length.
	Embed(ctx context.Context, texts []string) ([][]float32, Usage, error)
}

// Prompt is what a model is asked with.
type Prompt struct {
	System   string
	Messages []Message
	Tools    []Tool
	Most     int64 // tokens of the reply
}

// Role says who a message is from.
type Role string

// The roles. System is Prompt.System.
const (
	User      Role = "user"
	Assistant Role = "assistant"
	Result    Role = "tool"
)

// Message is one of a chat.
type Message struct {
	Role  Role
	Text  string
	Calls []Call // of the assistant
	ID    string // of the call that this is the result of
}

// Tool is what a model may call.
type Tool struct {
	Name, About string
	Parameters  map[string]any // a JSON schema
}

// Call is a model calling a tool.
type Call struct{ ID, Name, Arguments string }

// Reply is what a model said.
type Reply struct {
	Text  string
	Calls []Call
	Cut   bool // it would have gone on
	Usage Usage
}

// Usage is what a request took.
type Usage struct {
	In, Out int64 // tokens
	Cost    float64
}

// Add adds u2 to u.
func (u *Usage) Add(u2 Usage) { u.In, u.Out, u.Cost = u.In+u2.In, u.Out+u2.Out, u.Cost+u2.Cost }

// priced is what u costs at a provider.
func (u Usage) priced(p core.Provider) Usage {
	u.Cost = (float64(u.In)*p.In + float64(u.Out)*p.Out) / 1e6
	return u
}

// estimate is about how many tokens p has.
func (p Prompt) estimate() int64 {
	n := tokensOf(p.System)
	for _, m := range p.Messages {
		n += tokensOf(m.Text) + 4
	}
	return n
}

// tokensOf is about how many tokens a text has: one for four Latin letters or
// one and a half CJK characters, which is two bytes for a token either way.
func tokensOf(s string) int64 {
	latin, other := 0, 0
	for _, r := range s {
		if r < 0x300 {
			latin++
		} else {
			other++
		}
	}
	return int64(latin/4 + other*2/3)
}

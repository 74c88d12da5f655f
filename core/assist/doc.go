// Package assist is the receptionist: it asks a model for the answer to a
// visitor's question, and knows when to call a person.
//
//	r := assist.New(assist.Options{Now: time.Now, Models: openai.New(), Getenv: os.Getenv})
//	a := r.Answer(ctx, question, say) // say hears the answer as it is written
//
// Answer never fails: whatever goes wrong is an answer that calls a person,
// with the reason. The desk tells it to the core as one input, which counts
// only while that question is open (core.Answered).
//
// # What a model is told
//
// The shop's persona, the rules of prompt.go, what the search found in the
// site's knowledge, and what this visitor and the assistant said in this
// session: nothing of other sessions or conversations, no notes of agents, no
// secrets, for nothing of that is in a [Question]. Phone numbers, cards and
// the like are masked before they leave (mask.go), and put back into what comes
// back, so that "we call you at [phone 1]" reads well and a noted number is
// one. A model may repeat all that it was told; so it is told nothing that the
// visitor may not know.
//
// # What a model may do
//
// Talk, and call four tools (tools.go): search_knowledge, handoff, collect and
// close. They do what the visitor could do: read what is published for them,
// ask for a person, say a number, leave. Nothing else is reached from here. A
// call with wrong arguments is told so once; the next one calls a person.
//
// What it says is a stranger's text: it is cut to the length of a message,
// links but those to listed hosts are taken out (links.go), and a text that
// recites the instructions is not shown. Clients render it as text.
//
// # When it goes wrong
//
// Providers are asked in their order (pool.go). One that does not begin to
// answer in its share of 8 s, or is silent for 5 s after that, or fails, is
// given up for the next; without a next a person is called. One that failed three times in a row is not asked
// for 30 s (a circuit breaker). An answer that is as long as a message may be
// is cut off: a model without end ends there.
//
// The models are behind a port, [Model]: package core/assist/openai speaks with
// them, and only a host that offers the assistant links it.
//
// # Knowledge
//
// [Index] finds passages of articles and question/answer pairs by their words:
// BM25 over words of Latin script and pairs of CJK characters, in memory. With
// embeddings, cosine over stored vectors is fused with that by rank. Bounds: [MaxArticle] bytes an article,
// [MaxArticles] and [MaxKnowledge] bytes a site; a site's index takes about six
// times its text.
package assist

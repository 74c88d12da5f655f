// Package openai is the model that package assist asks, over OpenAI's
// protocol: chat completions as a stream, and embeddings.
//
//	assist.New(assist.Options{Now: time.Now, Models: openai.New()})
//
// It is a package of its own because its client is large, 2 MB of a binary: a
// host that offers no assistant does not link it.
//
// A key goes to the host it was given for and nowhere else: no redirect is
// followed and no proxy asked, and link-local addresses, where clouds keep
// credentials, are not dialled. An answer is read up to 4 MiB. Whatever goes
// wrong is an [assist.Fault] that says what to look at.
package openai

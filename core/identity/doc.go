// Package identity says who somebody is. It reads no file, no clock and no
// randomness of its own: the host hands in bytes, a time and an [io.Reader].
//
// There are four kinds of proof, and none can pass for another:
//
//   - A visitor's token, signed by us, names a site and a visitor for about a
//     year. The page keeps it; whoever has it is that visitor. [Keys.Visitor]
//     says when it should be replaced by a younger one.
//   - An agent's token, signed by us, names an agent and the generation of its
//     credentials for twelve hours. A new password or a logout raises the
//     generation kept in the agent's record, and every token of an older one
//     is void; the comparison is the caller's, for it has the record.
//   - A user token, signed by the server of the site that embeds the widget,
//     says which of the site's own users a visitor is: [VerifyUser].
//   - A password, kept as an argon2id hash: [Passwords].
//
// Signatures are HMAC-SHA-256 and nothing else: a token that asks for another
// algorithm is refused before its key is looked for. Our own tokens must name
// their key (kid). [Keys] holds two, so that a new one can sign while what the
// old one signed still counts; rotating twice within a year therefore signs
// visitors out, and that is how to do it on purpose.
//
// Errors carry the codes of package core. Unauthorized says that the proof is
// no good; only for a token that was ours and is merely too old is it
// [ErrExpired], because then a client may fetch a new one and come back.
package identity

// Package demo fills an empty store with a made-up tea shop, and has people of
// its own visit it and work there, so that whoever starts kefu --demo finds a
// desk at work instead of an empty one.
//
// [Fill] writes the past: the accounts, two sites, and a week of conversations
// as the rulebook itself decides them, input by input, at the times they are
// said to have happened. [Live] is the present: it says hello over the wire as
// anybody would, with a browser's frames and an agent's token, and knows
// nothing of the server that it talks to.
//
//   - Visitors come to the shop (site default, group default), look around, and
//     most ask something. Nobody of ours answers there: they wait for whoever
//     has logged in, as admin, lin or wei. Who waits too long leaves.
//   - Customers come to the wholesale site, whose group Mei and Bo work for by
//     themselves: there is something to watch, to whisper to and to take over.
//
// What they say is in stories.en.txt and stories.zh.txt. A story begins with a
// line == site | page | title of the page | tags | name, - for an anonymous
// visitor; a line that begins with V is the visitor's, one with A the agent's.
package demo

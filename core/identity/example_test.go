package identity_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"kefu/core"
	"kefu/core/identity"
)

// A host makes keys once, stores their bytes, and signs what it hands out.
func Example() {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	keys, err := identity.NewKeys(rand.Reader)
	if err != nil {
		panic(err)
	}
	keys, err = identity.ParseKeys(keys.Bytes()) // as after a restart
	if err != nil {
		panic(err)
	}

	token, err := keys.SignAgent("a_li", 3, now)
	if err != nil {
		panic(err)
	}
	agent, err := keys.Agent(token, now.Add(time.Hour))
	fmt.Println(agent.ID, agent.Generation, err)

	_, err = keys.Visitor(token, now)
	fmt.Println(core.CodeOf(err))
	_, err = keys.Agent(token, now.Add(13*time.Hour))
	fmt.Println(errors.Is(err, identity.ErrExpired))

	// Output:
	// a_li 3 <nil>
	// unauthorized
	// true
}

// Checking a password costs the same whether or not the name exists.
func ExamplePasswords() {
	ctx := context.Background()
	passwords := identity.NewPasswords(rand.Reader, 4, 2*time.Second)

	stored, err := passwords.Hash(ctx, "correct horse battery")
	if err != nil {
		panic(err)
	}
	fmt.Println(stored[:31])

	rehash, err := passwords.Verify(ctx, stored, "correct horse battery")
	fmt.Println(rehash, err)
	_, err = passwords.Verify(ctx, stored, "correct horse bakery")
	fmt.Println(err)
	fmt.Println(passwords.VerifyUnknown(ctx, "correct horse battery"))

	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1$
	// false <nil>
	// unauthorized: the name or the password is wrong
	// unauthorized: the name or the password is wrong
}

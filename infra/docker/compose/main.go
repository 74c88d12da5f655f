// Command compose reads a compose file as Docker Compose does (by the library
// that it is made of), and looks whether what it mounts from beside it is there.
// Variables come from the environment.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	log.SetFlags(0)
	if err := check(context.Background(), os.Args[1:]); err != nil {
		log.Fatal("compose: ", err)
	}
}

func check(ctx context.Context, files []string) error {
	if len(files) != 1 {
		return fmt.Errorf("which file?")
	}
	o, err := cli.NewProjectOptions(files, cli.WithWorkingDirectory(filepath.Dir(files[0])), cli.WithOsEnv, cli.WithResolvedPaths(true))
	if err != nil {
		return err
	}
	project, err := o.LoadProject(ctx)
	if err != nil {
		return err
	}
	for name, s := range project.Services {
		for _, v := range s.Volumes {
			if v.Type != "bind" {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		fmt.Printf("%s\t%s\n", name, s.Image)
	}
	return nil
}

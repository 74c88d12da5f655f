package edge_test

import (
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"kefu/functions/local/edge"
)

// Example wires what template.yaml declares: one address for sockets, for HTTP
// and for files, as behind CloudFront, and a sweep every minute.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:8080")
	if err != nil {
		log.Fatal(err)
	}
	faults := edge.NewFaults(1)
	if err := faults.Parse("reorder=0.1,vanish=0.01"); err != nil {
		log.Fatal(err)
	}
	keys := aws.Credentials{AccessKeyID: "local", SecretAccessKey: "of this run only"}
	deploy := func(name string) *edge.Function {
		f, err := edge.NewFunction(edge.FunctionOptions{
			Name: name, Bootstrap: "dist/" + name + "/bootstrap", Credentials: keys, Now: time.Now, Log: os.Stderr, Faults: faults,
			Memory: 256, Timeout: 10 * time.Second, Environments: 50,
			Env: map[string]string{"KEFU_WS_ENDPOINT": "http://" + listener.Addr().String() + "/ws"},
		})
		if err != nil {
			log.Fatal(err) // it names the function, and says to build it
		}
		return f
	}
	socket, web, sweep := deploy("socket"), deploy("http"), deploy("sweep")
	defer socket.Close()
	defer web.Close()
	defer sweep.Close()
	gateway := edge.New(ctx, edge.Options{
		Credentials: keys, Now: time.Now, Log: slog.Default(), Faults: faults, Selection: "$request.body.type",
		Routes: map[string]edge.Route{
			"$connect": {Function: socket}, "$disconnect": {Function: socket}, "$default": {Function: socket, Responds: true},
		},
	})
	defer gateway.Close()
	schedule := &edge.Schedule{Name: "sweep", Function: sweep, Now: time.Now, Log: slog.Default()}
	go schedule.Run(ctx)
	mux := http.NewServeMux()
	mux.Handle("/ws", gateway)
	mux.Handle("/ws/@connections/", gateway)
	mux.Handle("/", &edge.HTTP{Function: web, Now: time.Now, Log: slog.Default()})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	if err := server.Serve(listener); err != nil {
		log.Print(err)
	}
}

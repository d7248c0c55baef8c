// A function's start in Go: a client for AWS over TLS, from the standard library alone, then the first request for an event.
// Real ones use AWS's SDK and aws-lambda-go and start later than this.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	table := os.Getenv("CONTROL_TABLE")
	aws := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{}}}
	if table == "" || aws == nil {
		os.Exit(1)
	}
	answer, err := http.Get("http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/next")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	io.Copy(io.Discard, answer.Body)
}

package main

import (
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/scimtest"
)

// TestProbe: the example serves SCIM as the probe of a running service demands.
func TestProbe(t *testing.T) {
	p := newWorld(t).start()
	target, err := url.Parse(strings.TrimSuffix(p.base, "/scim/v2"))
	require.NoError(t, err)
	scimtest.Probe(t, httputil.NewSingleHostReverseProxy(target), "secret")
}

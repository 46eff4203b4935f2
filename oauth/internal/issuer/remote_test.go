package issuer

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRemoteAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1:1234": "192.0.2.1", "[2001:db8::1]:443": "2001:db8::1", "[::ffff:192.0.2.1]:1": "192.0.2.1",
		"127.0.0.1:1": "", "[::1]:1": "", "10.1.2.3:1": "", "172.17.0.1:1": "", "192.168.1.1:1": "", "100.64.1.1:1": "",
		"[fd00::1]:1": "", "[fe80::1%eth0]:1": "", "[::ffff:10.0.0.1]:1": "", "@": "", "": "",
	} {
		require.Equal(t, want, RemoteAddress(&http.Request{RemoteAddr: address}), address)
	}
}

package issuer

import (
	"net/http"
	"net/netip"
)

// RemoteAddress returns the address of the sender of a request, "" if it is not known:
// one of a private network is that of a reverse proxy, which all senders share.
func RemoteAddress(r *http.Request) string {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := a.Addr().Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || carrier.Contains(ip) {
		return ""
	}
	return ip.String()
}

// carrier are the addresses inside of a provider's network (RFC 6598), which clouds use.
var carrier = netip.MustParsePrefix("100.64.0.0/10")

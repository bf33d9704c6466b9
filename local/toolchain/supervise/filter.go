package main

import (
	"fmt"
	"net"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
)

// linkLocal holds a cloud's metadata service, which gives the machine's credentials to whoever asks.
var linkLocal = net.IPNet{IP: net.IPv4(169, 254, 0, 0), Mask: net.CIDRMask(16, 32)}

// hostSocket keeps the host's table alive.
var hostSocket *nftables.Conn

// hostTable lets the node out, behind the host's own address, and lets nothing in: neither other machines,
// now that the host forwards packets, nor the node's pods to services of the host or of its cloud other than name
// resolution.
func hostTable(c *config) error {
	conn, table, err := ownTable(c.Link.Name)
	if err != nil {
		return err
	}
	hostSocket = conn
	fromNode, toNode := iface(expr.MetaKeyIIFNAME, c.Link.Name), iface(expr.MetaKeyOIFNAME, c.Link.Name)

	nat := chain(conn, table, nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource)
	rule(conn, nat, source(net.IPNet{IP: net.ParseIP(c.Link.Node), Mask: net.CIDRMask(32, 32)}),
		not(toNode), []expr.Any{&expr.Masq{}})

	forward := chain(conn, table, nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter)
	rule(conn, forward, toNode, connection(expr.CtStateBitNEW), drop)
	rule(conn, forward, fromNode, destination(linkLocal), destinationPort(53), accept)
	rule(conn, forward, fromNode, destination(linkLocal), drop)

	input := chain(conn, table, nftables.ChainTypeFilter, nftables.ChainHookInput, nftables.ChainPriorityFilter)
	rule(conn, input, fromNode, destinationPort(53), accept)
	rule(conn, input, fromNode, protocol(1), accept)
	rule(conn, input, fromNode, connection(expr.CtStateBitNEW), drop)
	return conn.Flush()
}

// nodeTable lets pods out behind the node's address, and keeps inside what is meant for the cluster: for a moment
// while kube-proxy changes its rules, or after a pod's end, such packets have no place here, and would take the way
// out to whoever has these addresses there. It goes with the namespace.
func nodeTable(c *config) error {
	_, pods, err := net.ParseCIDR(c.PodNetwork)
	if err != nil {
		return err
	}
	_, services, err := net.ParseCIDR(c.ServiceNetwork)
	if err != nil {
		return err
	}
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "vibecode"})
	nat := chain(conn, table, nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource)
	out := iface(expr.MetaKeyOIFNAME, "eth0")
	rule(conn, nat, source(*pods), out, []expr.Any{&expr.Masq{}})

	for _, hook := range []*nftables.ChainHook{nftables.ChainHookForward, nftables.ChainHookOutput} {
		filter := chain(conn, table, nftables.ChainTypeFilter, hook, nftables.ChainPriorityFilter)
		rule(conn, filter, out, destination(*pods), refuse)
		rule(conn, filter, out, destination(*services), refuse)
	}
	return conn.Flush()
}

// printTables is for whoever wants to see that nothing is left; the nft program may not be there.
func printTables() error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return err
	}
	for _, table := range tables {
		fmt.Println(table.Name)
	}
	return nil
}

func chain(c *nftables.Conn, t *nftables.Table, kind nftables.ChainType, hook *nftables.ChainHook,
	priority *nftables.ChainPriority) *nftables.Chain {
	return c.AddChain(&nftables.Chain{
		Name: string(kind) + "-" + hookNames[hook], Table: t, Type: kind, Hooknum: hook, Priority: priority,
	})
}

var hookNames = map[*nftables.ChainHook]string{
	nftables.ChainHookPostrouting: "postrouting",
	nftables.ChainHookForward:     "forward",
	nftables.ChainHookInput:       "input",
	nftables.ChainHookOutput:      "output",
}

func rule(c *nftables.Conn, in *nftables.Chain, parts ...[]expr.Any) {
	var all []expr.Any
	for _, part := range parts {
		all = append(all, part...)
	}
	c.AddRule(&nftables.Rule{Table: in.Table, Chain: in, Exprs: all})
}

var (
	accept = []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}}
	drop   = []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}
	// ICMP destination unreachable, port unreachable: who asks is told at once and tries again.
	refuse = []expr.Any{&expr.Reject{Type: 0, Code: 3}}
)

func iface(key expr.MetaKey, name string) []expr.Any {
	padded := make([]byte, 16) // IFNAMSIZ
	copy(padded, name)
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: padded}}
}

func not(match []expr.Any) []expr.Any {
	cmp := *match[1].(*expr.Cmp)
	cmp.Op = expr.CmpOpNeq
	return []expr.Any{match[0], &cmp}
}

func source(in net.IPNet) []expr.Any      { return address(12, in) }
func destination(in net.IPNet) []expr.Any { return address(16, in) }

// address matches the four bytes at this offset of the IPv4 header.
func address(offset uint32, in net.IPNet) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: in.Mask, Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: in.IP.To4().Mask(in.Mask)},
	}
}

func protocol(number byte) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{number}},
	}
}

// destinationPort matches TCP and UDP alike: both keep it in the same two bytes.
func destinationPort(port uint16) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{byte(port >> 8), byte(port)}},
	}
}

func connection(state uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binaryutil.NativeEndian.PutUint32(state), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	}
}

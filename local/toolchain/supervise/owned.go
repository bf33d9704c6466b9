package main

import (
	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// ownedByUs is NFT_TABLE_F_OWNER: the kernel removes the table when the netlink socket that made it closes,
// so the rules end with this process. The socket must therefore stay open, and nobody else can edit the table.
const ownedByUs = 0x2

// ownTable makes an IPv4 table that ends with the connection. The library sends no flags for a table, so this one
// message is ours, on the library's socket. A table of this name that somebody left behind goes first.
func ownTable(name string) (*nftables.Conn, *nftables.Table, error) {
	var socket *netlink.Conn
	conn, err := nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *netlink.Conn) error {
		socket = c
		return nil
	}))
	if err != nil {
		return nil, nil, err
	}
	table := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: name, Flags: ownedByUs}
	all, err := conn.ListTablesOfFamily(table.Family)
	if err != nil {
		return nil, nil, err
	}
	for _, left := range all {
		if left.Name == name {
			conn.DelTable(left)
		}
	}
	if err := conn.Flush(); err != nil {
		return nil, nil, err
	}
	attributes, err := netlink.MarshalAttributes([]netlink.Attribute{
		{Type: unix.NFTA_TABLE_NAME, Data: []byte(name + "\x00")},
		{Type: unix.NFTA_TABLE_FLAGS, Data: binaryutil.BigEndian.PutUint32(ownedByUs)},
	})
	if err != nil {
		return nil, nil, err
	}
	_, err = socket.SendMessages([]netlink.Message{
		message(unix.NFNL_MSG_BATCH_BEGIN, 0, unix.NFPROTO_UNSPEC, unix.NFNL_SUBSYS_NFTABLES, nil),
		message(unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_NEWTABLE, netlink.Acknowledge|netlink.Create|netlink.Excl,
			byte(table.Family), 0, attributes),
		message(unix.NFNL_MSG_BATCH_END, 0, unix.NFPROTO_UNSPEC, unix.NFNL_SUBSYS_NFTABLES, nil),
	})
	if err != nil {
		return nil, nil, err
	}
	// The kernel's answer; a refusal is the error.
	_, err = socket.Receive()
	return conn, table, err
}

// message begins with the four bytes of nfgenmsg: family, version and, in network order, a subsystem.
func message(kind uint16, flags netlink.HeaderFlags, family byte, subsystem uint16, data []byte) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: netlink.Request | flags},
		Data:   append([]byte{family, unix.NFNETLINK_V0, byte(subsystem >> 8), byte(subsystem)}, data...),
	}
}

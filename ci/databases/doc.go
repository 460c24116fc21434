// Package databases tests package dataset/sql against real databases: PostgreSQL, which the script run starts, and
// SQLite. It is a module of its own, so that the library's has no drivers.
package databases

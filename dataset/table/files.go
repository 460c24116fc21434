package table

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

// File is one file of a table.
type File struct {
	Name  string // in its fs.FS
	Parts []Part // of the folders it lies in, the outermost first: dt=2026-01-01/
}

// Part is a column that a folder's name gives to all files in it.
type Part struct {
	Column, Value string
	Null          bool // Value is __HIVE_DEFAULT_PARTITION__
}

// OS returns the operating system's files as an fs.FS. Unlike os.DirFS it takes any path, relative to the working
// folder or not, so that messages name files as the caller does.
func OS() fs.FS { return osFS{} }

type osFS struct{}

func (osFS) Open(name string) (fs.File, error)          { return os.Open(filepath.FromSlash(name)) }
func (osFS) Stat(name string) (fs.FileInfo, error)      { return os.Stat(filepath.FromSlash(name)) }
func (osFS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(filepath.FromSlash(name)) }

// Files returns the files that name means: one file, those that match a pattern as path.Match has it, or those in a
// folder and the folders within, as Spark and Hive write them, in the order of their names. A name that exists is never
// taken for a pattern.
//
// In folders, names that begin with "_" (but for a column's, as in _x=1) or "." are left out: _SUCCESS, _metadata,
// .part-0.crc. A folder named column=value gives all its files that column; %XX in either is the byte XX. All files
// must have the same such columns. A folder or a pattern without any file is an error.
func Files(fsys fs.FS, name string) ([]File, error) {
	info, err := fs.Stat(fsys, name)
	names := []string{name}
	if err != nil {
		if !strings.ContainsAny(name, `*?[\`) {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		matches, bad := fs.Glob(fsys, name)
		if bad != nil {
			return nil, fmt.Errorf("dataset: %s: %w", name, bad)
		}
		if len(matches) == 0 {
			return nil, fmt.Errorf("dataset: %s: no file matches: %w", name, fs.ErrNotExist)
		}
		sort.Strings(matches)
		names = matches
	} else if !info.IsDir() {
		return []File{{Name: name}}, nil
	}
	var files []File
	for _, n := range names {
		info, err := fs.Stat(fsys, n)
		if err != nil {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		switch part, ok := partOf(path.Base(n)); {
		case !info.IsDir():
			files = append(files, File{Name: n})
		case ok && len(names) > 1: // dt=*: the folders' own names count
			files, err = walk(fsys, n, []Part{part}, files)
		default:
			files, err = walk(fsys, n, nil, files)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("dataset: %s: there are no files in it: %w", name, fs.ErrNotExist)
	}
	for _, f := range files[1:] {
		if a, b := columnsOf(files[0].Parts), columnsOf(f.Parts); a != b {
			return nil, Malformed(f.Name, "lies in folders that give the columns [%s], %s in folders that give [%s]", b,
				files[0].Name, a)
		}
	}
	return files, nil
}

func columnsOf(parts []Part) string {
	var names []string
	for _, p := range parts {
		names = append(names, fmt.Sprintf("%q", p.Column))
	}
	return strings.Join(names, " ")
}

// maxDepth bounds folders within folders: an fs.FS may have links that lead back.
const maxDepth = 32

func walk(fsys fs.FS, folder string, parts []Part, files []File) ([]File, error) {
	if strings.Count(folder, "/") > maxDepth+strings.Count(folder, "../") {
		return nil, fmt.Errorf("dataset: %s: folders are nested more than %d deep", folder, maxDepth)
	}
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		part, isPart := partOf(name)
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") && !isPart {
			continue
		}
		full := path.Join(folder, name)
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := fs.Stat(fsys, full)
			if err != nil {
				return nil, fmt.Errorf("dataset: %w", err)
			}
			isDir = info.IsDir()
		}
		switch {
		case !isDir:
			files = append(files, File{Name: full, Parts: parts})
		case isPart:
			for _, p := range parts {
				if p.Column == part.Column {
					return nil, Malformed(full, "a folder within gives the column %q once more", part.Column)
				}
			}
			files, err = walk(fsys, full, append(parts[:len(parts):len(parts)], part), files)
		default:
			files, err = walk(fsys, full, parts, files)
		}
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// hiveNull is what Hive and Spark name the folder of rows whose column is null.
const hiveNull = "__HIVE_DEFAULT_PARTITION__"

// partOf reads a folder's name as column=value.
func partOf(name string) (Part, bool) {
	column, value, ok := strings.Cut(name, "=")
	if !ok || column == "" {
		return Part{}, false
	}
	p := Part{Column: unescape(column), Value: unescape(value), Null: value == hiveNull}
	return p, true
}

// unescape puts bytes for %XX; any other % stays.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0 {
			out = append(out, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

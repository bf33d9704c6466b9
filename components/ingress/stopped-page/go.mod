module vibecode/stopped

go 1.26.0

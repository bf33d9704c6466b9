module vibecode/session

go 1.26.0

require('beadline').setup()

#!/bin/sh
# Draws 8 folders of 6 small pictures: photos/class_0/0.ppm and so on. Pictures of one class have the same colours and stripes.
for class in 0 1 2 3 4 5 6 7; do
  mkdir -p "photos/class_$class"
  for number in 0 1 2 3 4 5; do
    awk -v class="$class" -v number="$number" 'BEGIN {
      srand(10 * class + number)
      print "P3 32 32 255"
      for (y = 0; y < 32; y++)
        for (x = 0; x < 32; x++) {
          stripe = 60 * sin((x * (class % 3) + y) * 0.4 + number)
          print int(60 + 20 * class + 30 * rand()), int(120 + stripe), int(200 - 20 * class + 30 * rand())
        }
    }' >"photos/class_$class/$number.ppm"
  done
done

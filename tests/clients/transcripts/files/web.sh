# the demo, up and running
kubectl apply -f standard.yaml -f demo.yaml > /dev/null
kubectl rollout status sts/web > /dev/null

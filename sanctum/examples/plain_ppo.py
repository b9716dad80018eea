"""PPO in plain PyTorch, watched by Sanctum: sixteen carts learn to stop at a mark."""

import sys

import torch
from torch.distributions import Categorical

import sanctum

UPDATES, ENVS, STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 60, 16, 64
ACTIONS, LOG_3 = ["LEFT", "STAY", "RIGHT"], 1.0986
torch.manual_seed(1)
torch.set_num_threads(1)
net = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.Tanh(), torch.nn.Linear(64, 4))
adam = torch.optim.Adam(net.parameters(), lr=3e-3)
rewards = {"near": +1, "effort": -1}

with sanctum.attach(task="cart", envs=ENVS, actions={"op": ACTIONS}, rewards=rewards) as run:
    for update in range(1, UPDATES + 1):
        distance, speed, rollout = torch.rand(ENVS) * 2 - 1, torch.zeros(ENVS), []
        steps = range((update - 1) * STEPS, update * STEPS)
        for step in steps:
            seen = torch.stack([distance, speed], dim=1)
            out = net(seen).detach()
            policy, value = Categorical(logits=out[:, :3]), out[:, 3]
            action = policy.sample()
            speed = 0.8 * speed + 0.05 * (action - 1)
            distance = distance - speed
            near, effort = torch.exp(-4 * distance.abs()), 0.02 * (action != 1)
            rollout.append((seen, action, policy.log_prob(action), value, near - effort))
            run.step(
                step,
                reward=near - effort,
                rewards={"near": near, "effort": effort},
                value=value,
                entropy=policy.entropy() / LOG_3,
                actions={"op": action},
                probabilities={"op": policy.probs},
                observation=seen,
            )

        seen, action, before, value, returns = map(torch.stack, zip(*rollout, strict=True))
        for env, total in enumerate(returns.sum(dim=0)):
            run.episode(env, update, episode_return=total, length=STEPS)
        later = net(torch.stack([distance, speed], dim=1)).detach()[:, 3]
        for t in reversed(range(STEPS)):
            later = returns[t] = 0.05 * returns[t] + 0.95 * later
        advantage = (returns - value - (returns - value).mean()) / (returns - value).std()
        for _ in range(4):
            out = net(seen)
            policy = Categorical(logits=out[..., :3])
            ratio = torch.exp(policy.log_prob(action) - before)
            clipped = ratio.clamp(0.8, 1.2)
            policy_loss = -torch.min(ratio * advantage, clipped * advantage).mean()
            value_loss = (out[..., 3] - returns).square().mean()
            entropy = policy.entropy().mean()
            adam.zero_grad()
            (policy_loss + 0.5 * value_loss - 0.01 * entropy).backward()
            grad_norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            adam.step()
        run.update(
            update,
            steps=(steps[0], steps[-1]),
            policy_loss=policy_loss.detach(),
            value_loss=value_loss.detach(),
            entropy=entropy.detach() / LOG_3,
            approx_kl=(ratio - 1 - ratio.log()).mean().detach(),
            clip_fraction=(ratio != clipped).float().mean(),
            explained_variance=1 - (returns - value).var() / returns.var(),
            grad_norm=grad_norm,
        )
